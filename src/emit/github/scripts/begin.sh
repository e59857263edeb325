# RESUME: the state of an earlier run, or nothing. STARTER: who started this run. START: the plan's start in seconds since 1970, or nothing.
now=$(date +%s)
state=${RESUME:-'{}'}
{
  echo "done=$(jq -c '.done // []' <<<"$state")"
  echo "starter=$(jq -r --arg starter "$STARTER" '.starter // $starter' <<<"$state")"
  echo "start=$(jq -r --arg start "${START:-$now}" '.start // $start' <<<"$state")"
  echo "attempt=$(jq -r '.attempt // "1"' <<<"$state")"
  echo "now=$now"
} >>"$GITHUB_OUTPUT"
