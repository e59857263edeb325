# NEEDS: every job, with its outputs. NODES: {job: title} of what the plan is made of. RESUME: the state of an earlier run, or nothing.
# SETTLERS: the jobs that hand a failure over. WORKERS: the jobs that do the plan's work; ASKERS: those of them that only ask somebody, or wait.
# EXITS: the jobs that leave holds. HALF: stages that cannot be taken back. STARTER, START: of this run.
state=$(jq -rn --argjson settlers "$SETTLERS" --argjson workers "$WORKERS" --argjson askers "$ASKERS" --argjson exits "$EXITS" --argjson half "$HALF" '
  ($ENV.NEEDS | fromjson) as $needs
  | [[$ENV.RESUME, $needs[].outputs.state // empty] | .[] | select(. != "") | fromjson] as $states
  # Broken off before anything of the plan began in it, a job leaves word of that.
  | [$needs | to_entries[] | select((.value.outputs.state // "") != "" and (.value.outputs.state | fromjson | .began == [] and .failing == [])) | .key] as $idle
  | def results(list): [list[] | $needs[.].result // ""];
  if any(results($settlers)[]; . == "success") then "handed_over"
  elif any(results($settlers)[]; . == "failure") or any(results($exits)[]; . == "failure") then "needs_help"
  elif any(results($workers - $askers - $idle)[]; . == "cancelled") then "needs_help"
  elif $needs.preflight.result != "success" or any(results($workers)[]; IN("failure", "cancelled")) then
    # Whatever was done of what cannot be taken back stands, also where a person was only asked for the rest.
    if any($half[]; IN($states[].began // [] | .[]) and (IN($states[].done // [] | .[]) | not)) then "needs_help" else "stopped" end
  else "succeeded" end')
echo "state=$state" >>"$GITHUB_OUTPUT"
{
  echo "## The release: ${state//_/ }"
  echo
  echo "| part | result |"
  echo "| --- | --- |"
  jq -rn --argjson nodes "$NODES" '($ENV.NEEDS | fromjson) as $needs | $nodes | to_entries[] | "| \(.value) | \($needs[.key].result // "") |"'
} >>"$GITHUB_STEP_SUMMARY"
jq -n --arg state "$state" '
  ($ENV.NEEDS | fromjson) as $needs
  | [$ENV.RESUME | select(. != "") | fromjson] + [$needs[].outputs.state // empty | select(. != "") | fromjson]
  | reduce .[] as $s ({began: [], done: [], values: {}};
      {began: (.began + ($s.began // []) | unique), done: (.done + ($s.done // []) | unique), values: (.values + ($s.values // {}))})
  | . + {state: $state, starter: $ENV.STARTER, start: $ENV.START, results: ($needs | map_values(.result))}' >"$RUNNER_TEMP/evidence.json"
