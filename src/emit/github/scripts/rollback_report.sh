# NEEDS: every job. ENDS: what the rollback ends as when all goes well. HALF: stages that cannot be taken back. STATE: of the release's run.
state=$(jq -rn --argjson half "$HALF" '
  ($ENV.NEEDS | fromjson) as $needs
  | ($ENV.STATE | if . == "" then {} else fromjson end) as $state
  | [$needs.todo.outputs.began // "[]" | fromjson | .[]] as $began
  | if any($needs[]; .result == "failure" or .result == "cancelled") then "needs_help"
    elif any($half[]; IN($began[]) and (IN(($state.done // [])[]) | not)) then "needs_help"
    elif $ENV.ENDS == "rolled_back" then "rolled_back"
    else "stopped" end')
echo "state=$state" >>"$GITHUB_OUTPUT"
{
  echo "## The rollback ended: ${state//_/ }"
  echo
  echo "| part | result |"
  echo "| --- | --- |"
  jq -rn '$ENV.NEEDS | fromjson | to_entries[] | "| \(.key) | \(.value.result) |"'
  if [ "$state" = needs_help ]; then
    echo
    echo "Something is left to do by hand. Mend it, then start this workflow again with the same inputs and \`from_step\` set to the undo to begin with."
  fi
} >>"$GITHUB_STEP_SUMMARY"
jq -n --arg end "$state" '{end: $end, results: ($ENV.NEEDS | fromjson | map_values(.result))}' >"$RUNNER_TEMP/evidence.json"
if [ "$state" = needs_help ]; then
  exit 1
fi
