# GRANTS: [{name, granted, valid}]: when each approval was granted and for how many seconds that is good.
now=$(date +%s)
lapsed=$(jq -r --argjson now "$now" '[.[] | select(.granted != "" and ($now - (.granted | tonumber)) > .valid) | .name] | join(", ")' <<<"$GRANTS")
if [ -n "$lapsed" ]; then
  echo "::error title=Lapsed::no longer valid: $lapsed"
  echo "cause=lapsed:${lapsed%%,*}" >>"$GITHUB_OUTPUT"
  exit 1
fi
