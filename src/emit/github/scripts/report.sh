# NEEDS: every job, with its outputs. NODES: {job: title} of what the plan is made of. RESUME: the state of an earlier run, or nothing.
# SETTLERS: the jobs that settle failures. WORKERS: the jobs that do the plan's work; EXITS: the jobs that leave holds. STARTER, START: of this run.
state=$(jq -cn --argjson settlers "$SETTLERS" --argjson workers "$WORKERS" --argjson exits "$EXITS" '
  ($ENV.NEEDS | fromjson) as $needs
  | [$settlers[] | $needs[.] // {} | {result, next: (.outputs.next // ""), ends: (.outputs.ends // "")}] as $settled
  | [$workers[] | $needs[.] // {} | .result] as $work
  | if any($settled[]; .next == "dispatched") then "handed_over"
    elif any($settled[]; .next == "pause" or (.next | startswith("decide-"))) then "paused"
    elif any($settled[]; .result == "failure") or any($exits[]; $needs[.].result == "failure") then "needs_help"
    elif any($work[]; . == "cancelled") then "needs_help"
    elif $needs.preflight.result != "success" then "stopped"
    elif any($settled[]; .next == "nothing" and .ends == "rolled_back") then "rolled_back"
    elif any($work[]; . == "failure") then "stopped"
    else "succeeded" end')
echo "state=$(jq -r . <<<"$state")" >>"$GITHUB_OUTPUT"
{
  echo "## The release $(jq -r 'gsub("_"; " ")' <<<"$state")"
  echo
  echo "| part | result |"
  echo "| --- | --- |"
  jq -rn --argjson nodes "$NODES" '
    ($ENV.NEEDS | fromjson) as $needs | $nodes | to_entries[] | "| \(.value) | \($needs[.key].result // "") |"'
} >>"$GITHUB_STEP_SUMMARY"
jq -n --argjson end "$state" '
  ($ENV.NEEDS | fromjson) as $needs
  | [$ENV.RESUME | select(. != "") | fromjson] + [$needs[].outputs.state // empty | select(. != "") | fromjson]
  | reduce .[] as $s ({began: [], done: [], values: {}};
      {began: (.began + ($s.began // []) | unique), done: (.done + ($s.done // []) | unique), values: (.values + ($s.values // {}))})
  | . + {end: $end, starter: $ENV.STARTER, start: $ENV.START, results: ($needs | map_values(.result))}' >"$RUNNER_TEMP/evidence.json"
cat "$RUNNER_TEMP/evidence.json"
