# UNITS: what counts as done now.
{
  echo "at=$(date +%s)"
  jq -rn --argjson units "$UNITS" '"state=" + ({began: ([$units[] | split(".")[0]] + $units | unique), done: $units, values: {}} | tostring)'
} >>"$GITHUB_OUTPUT"
