# UNITS: what counts as done now.
{
  echo "at=$(date +%s)"
  jq -rn --argjson units "$UNITS" '"state=" + ({began: [], done: $units, values: {}} | tostring)'
} >>"$GITHUB_OUTPUT"
