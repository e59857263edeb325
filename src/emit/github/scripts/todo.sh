# RUN: the release's run, or nothing. BEGAN: what began, a JSON list, or nothing. STATE: what is known of that run, or nothing. FROM: the undo to begin
# with, or nothing. ENDS: rolled_back or stopped. TABLE: every undo in order: [{stage, unit, undoes, always}]. STUCK: {stage: what is left alone with it}.
# HOLDS: {hold: stages}. MOST: seconds to wait for the release's run.
if [ -n "$RUN" ]; then
  for ((left = MOST; left > 0; left -= 15)); do
    status=$(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$RUN" --jq .status)
    if [ "$status" = completed ]; then
      break
    fi
    if [ "$left" -eq "$MOST" ] && [ -z "$BEGAN" ]; then
      gh run cancel "$RUN" --repo "$GITHUB_REPOSITORY" || echo "run $RUN ends by itself"
    fi
    echo "run $RUN is $status"
    sleep 15
  done
fi
state=${STATE:-'{}'}
if [ -n "$RUN" ] && [ -z "$BEGAN" ]; then
  mkdir -p "$RUNNER_TEMP/states"
  gh run download "$RUN" --repo "$GITHUB_REPOSITORY" --pattern 'state-*' --dir "$RUNNER_TEMP/states"
  state=$(find "$RUNNER_TEMP/states" -name '*.json' -exec cat {} + | jq -cs '
    reduce .[] as $s ({began: [], done: [], values: {}};
      {began: (.began + ($s.began // []) | unique), done: (.done + ($s.done // []) | unique), values: (.values + ($s.values // {}))})')
fi
began=${BEGAN:-$(jq -c '.began // []' <<<"$state")}
if ! jq -e 'type == "array" and all(type == "string")' <<<"$began" >/dev/null; then
  echo '::error title=Not a list::began must be a JSON list such as ["model", "model.s1"]'
  exit 1
fi
if [ "$ENDS" = stopped_as_it_is ]; then
  todo='[]'
else
  todo=$(jq -c --argjson began "$began" --arg from "$FROM" '
    (if $from == "" then 0 else ([.[] | .unit] | index($from)) // error("there is no undo called \($from)") end) as $first
    | [.[$first:][]
        | select(IN(.stage; $began[]))
        | select(.always or IN(.undoes; $began[]) or ((.stage + ".") as $of | any($began[]; startswith($of)) | not))]
    | [.[].unit, .[].stage] | unique' <<<"$TABLE")
fi
alone=$(jq -c --argjson began "$began" '[to_entries[] | select(IN(.key; $began[])) | .value[]] | unique' <<<"$STUCK")
todo=$(jq -cn --argjson todo "$todo" --argjson stuck "$alone" '[$todo[] | select(split(".")[0] | IN($stuck[]) | not)]')
leave=$(jq -cn --argjson began "$began" --argjson state "$state" --argjson holds "$HOLDS" --argjson todo "$todo" '
  [$holds | to_entries[] | .key as $h | select(IN("hold." + $h; $began[]))
    | (IN("exit-" + $h; ($state.done // [])[])) as $left
    | any(.value[]; IN($todo[])) as $undone
    | if $left and $undone then "reenter-" + $h, "exit-" + $h elif $left then empty else "exit-" + $h end]')
{
  echo "began=$began"
  echo "todo=$todo"
  echo "stuck=$alone"
  echo "holds=$leave"
  echo "state=$state"
} >>"$GITHUB_OUTPUT"
{
  echo "## What is undone"
  echo
  jq -r '.[] | "- \(.)"' <<<"$todo"
  jq -r 'if . == [] then empty else "", "Left alone, because it cannot be taken back or stands under something that cannot: \(join(", "))" end' <<<"$alone"
} >>"$GITHUB_STEP_SUMMARY"
