# STEPS: the steps of this job. UNITS: {step: what counts as begun with it}. STAGE: whose job it is. JOB: its name. LAST: true in the last job of the
# stage. STATUS: how the job stands. ENDS: what is done when it ended well.
state=$(jq -cn --argjson last "$LAST" --argjson units "$UNITS" --argjson ends "$ENDS" '
  ($ENV.STEPS | fromjson) as $steps
  | [$units | to_entries[] | select($steps[.key].outputs.began == "true") | .value[]] as $began
  | [$units | to_entries[] | select($steps[.key].outputs.began == "true" and $steps[.key].outcome == "success") | .value[]] as $done
  | {
      job: $ENV.JOB,
      began: (if $began == [] then [] else [$ENV.STAGE] + $began end | unique),
      done: ($done + (if $ENV.STATUS == "success" then $ends else [] end) | unique),
      values: ([$steps[].outputs | to_entries[] | select((.key | startswith("v_")) and .value != "")] | from_entries),
      stopped: any($steps[].outputs.stopped; . == "true"),
      failed: any($steps[].outputs.failed; . == "true"),
      cause: ([$steps[].outputs.cause // empty] | last // ""),
      rung: ([$steps | to_entries[] | select(.value.outputs.began == "true") | .key | select(test("^r[0-9]+_")) | split("_")[0]] | last // "")
    }')
{
  echo "state=$state"
  jq -r '"stopped=\(.stopped)", "failed=\(.failed)", "cause=\(.cause)", "rung=\(.rung)"' <<<"$state"
  echo "at=$(date +%s)"
} >>"$GITHUB_OUTPUT"
printf '%s\n' "$state" >"$RUNNER_TEMP/state.json"
