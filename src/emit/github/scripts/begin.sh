# RESUME: the state of an earlier run, or nothing. STARTER: who started this run. START: the plan's start in seconds since 1970, or nothing.
now=$(date +%s)
# Such a state says what was approved. Only a workflow of this repository hands one over: started by a person it could say anything.
if [ -n "$RESUME" ] && [ "$STARTER" != 'github-actions[bot]' ]; then
  echo "::error title=Not handed over::only the rollback workflow goes on with a run, and $STARTER started this one; start the release without \`resume\`"
  exit 1
fi
state=${RESUME:-'{}'}
{
  echo "done=$(jq -c '.done // []' <<<"$state")"
  echo "starter=$(jq -r --arg starter "$STARTER" '.starter // $starter' <<<"$state")"
  echo "start=$(jq -r --arg start "${START:-$now}" '.start // $start' <<<"$state")"
  echo "attempt=$(jq -r '.attempt // "1"' <<<"$state")"
  echo "now=$now"
} >>"$GITHUB_OUTPUT"
