# STEPS: the steps of this job. UNITS: {step: what counts as begun with it}. STAGE: whose job it is. JOB: its name. LAST: true in the last job of the
# stage. STATUS: how the job stands. ENDS: what is done when it ended well, or failed and the plan goes on. GATES: {step: what it is done as} of what is looked at before the stage begins.
# LOWEST: the first step of the rollout that applies, where that is not always the first one; it counts as that.
state=$(jq -cn --argjson last "$LAST" --argjson units "$UNITS" --argjson ends "$ENDS" --argjson gates "$GATES" '
  ($ENV.STEPS | fromjson) as $steps
  | [$units | to_entries[] | select($steps[.key].outputs.began == "true") | .value[]] as $began
  | ([$units | to_entries[] | select($steps[.key].outputs.began == "true" and $steps[.key].outcome == "success") | .value[]]
      + [$gates | to_entries[] | select($steps[.key].outcome == "success") | .value[]]) as $done
  | [($units + $gates) | to_entries[] | .key as $key
      | select(($steps[$key].outcome | IN("failure", "cancelled"))
          or any($steps | to_entries[]; (.key | startswith($key + "_prior_")) and (.value.outcome | IN("failure", "cancelled")))) | .value[]] as $failing
  | {
      job: $ENV.JOB,
      failing: ($failing | unique),
      began: (if $began == [] then [] else [$ENV.STAGE] + $began end | unique),
      done: ($done + (if $ENV.STATUS == "success" and ($last or any($steps[].outputs.failed; . == "true")) then $ends else [] end) | unique),
      values: (([$steps[].outputs | to_entries[] | select(.key | startswith("v_"))] | from_entries)
        + (if any($steps[].outputs.failed; . == "true") then {("v_failed-" + $ENV.STAGE): "true"} else {} end)),
      stopped: any($steps[].outputs.stopped; . == "true"),
      failed: any($steps[].outputs.failed; . == "true"),
      cause: ([$steps[].outputs.cause // empty] | last // ""),
      rung: ([$steps | to_entries[] | select(.value.outputs.began == "true" or .value.outcome == "failure") | .key | select(test("^r[0-9]+_")) | split("_")[0]] | last // "" | if . == $ENV.LOWEST then "r1" else . end)
    }')
{
  echo "state=$state"
  jq -r '"stopped=\(.stopped)", "failed=\(.failed)", "cause=\(.cause)", "rung=\(.rung)"' <<<"$state"
  echo "at=$(date +%s)"
} >>"$GITHUB_OUTPUT"
printf '%s\n' "$state" >"$RUNNER_TEMP/state.json"
