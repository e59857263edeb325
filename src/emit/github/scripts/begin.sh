# RESUME: the state of an earlier run, or nothing. STARTER: who started this run. START: the plan's start in seconds since 1970, or nothing.
now=$(date +%s)
if [ -n "$RESUME" ]; then
  done=$(jq -c '.done // []' <<<"$RESUME")
  first=$(jq -r --arg starter "$STARTER" '.starter // $starter' <<<"$RESUME")
  moment=$(jq -r --arg start "${START:-$now}" '.start // $start' <<<"$RESUME")
else
  done='[]'
  first=$STARTER
  moment=${START:-$now}
fi
{
  echo "done=$done"
  echo "starter=$first"
  echo "start=$moment"
  echo "now=$now"
} >>"$GITHUB_OUTPUT"
