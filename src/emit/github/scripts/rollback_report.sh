# NEEDS: every job. HALF: stages that cannot be taken back. FINALLY: jobs whose failure does not change how the run ends.
state=$(jq -rn --argjson half "$HALF" --argjson finally "$FINALLY" '
  ($ENV.NEEDS | fromjson) as $needs
  | ($needs.todo.outputs // {}) as $todo
  | ($todo.began // "" | if . == "" then [] else fromjson end) as $began
  | ($todo.done // "" | if . == "" then [] else fromjson end) as $done
  | if any($needs | to_entries[] | select(.key | IN($finally[]) | not) | .value; .result == "failure" or .result == "cancelled") then "needs_help"
    elif any($half[]; IN($began[]) and (IN($done[]) | not)) then "needs_help"
    elif $todo.ends == "stopped_as_it_is" then "stopped"
    else $todo.ends // "nothing" end')
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
jq -n --arg state "$state" '{state: $state, results: ($ENV.NEEDS | fromjson | map_values(.result))}' >"$RUNNER_TEMP/evidence.json"
