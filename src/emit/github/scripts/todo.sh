# STATE, OUTCOME: as settled. ANSWER, AGAIN: what a person said, where one was asked; ASKED: how the second question ended. FROM: the undo to begin with, or nothing.
# TABLE: every undo in order: [{stage, unit, undoes, always, of, at}]; of: what it undoes at each step of a rollout, at: where it is this undo. STUCK: {stage: what is left alone with it}. HOLDS: {hold: stages}.
# PARAMS: the inputs that are the plan's; INPUTS: all inputs. RELEASE, ROLLBACK: the workflows' files. ACTOR: who started this run.
start() {
  # Tried again, it could be started twice.
  local arguments=() pair
  while IFS= read -r -d '' pair; do
    arguments+=(-f "$pair")
  done < <(jq -jn --argjson params "$PARAMS" '
    ($ENV.INPUTS | fromjson) // {} | with_entries(select(.key | IN($params[]))) | to_entries[] | "\(.key)=\(.value)\u0000"')
  gh workflow run "$1" --repo "$GITHUB_REPOSITORY" --ref "$GITHUB_REF_NAME" "${arguments[@]}" "${@:2}"
}
what=$OUTCOME
answer=''
if [ "$(jq -r '.asks // ""' <<<"$what")" != '' ]; then
  answer=${ANSWER:-$AGAIN}
  what=$(jq -c --arg answer "$answer" '.options[$answer] // .otherwise // {then: "rollback", ends: "rolled_back"}' <<<"$what")
  echo "answer: ${answer:-none}" >>"$GITHUB_STEP_SUMMARY"
fi
attempt=$(jq -r '.attempt // "1"' <<<"$STATE")
follows=$(jq -r .then <<<"$what")
if [ "$follows" = restart ] && [ "$attempt" -ge "$(jq .attempts <<<"$what")" ]; then
  echo "the attempts are used up" >>"$GITHUB_STEP_SUMMARY"
  follows=rollback
fi
if [ "$follows" = continue ] || [ "$follows" = proceed ] || [ "$follows" = retry ] || [ "$follows" = restart ]; then
  # What was approved stands in the state, and is believed only where the release's run has handed it over.
  if [ "$ACTOR" != 'github-actions[bot]' ]; then
    echo "::error title=Not handed over::the release goes on only from a run that handed over by itself, and $ACTOR started this one; undo it, or start the release anew"
    exit 1
  fi
  onward=$(jq -c --argjson outcome "$what" --arg follows "$follows" --arg attempt "$attempt" '
    (if $follows == "proceed" then .failed.past // [] else [] end) as $past
    | del(.failed, .asked)
    | if $follows == "restart" then
        .done |= map(select(split(".")[0] | IN($outcome.redo[]) | not))
        # What is taken back later needs what it was done with.
        | .values |= with_entries(if .key | IN($outcome.forget[]) | not then . elif .key | startswith("v_") then .key |= "was_" + . else empty end)
        | .attempt = ($attempt | tonumber + 1 | tostring)
        | del(.waits)
      else
        .done += $past + ($outcome.done // []) | .values += ($outcome.values // {})
        | if $outcome.again then .done |= map(select(startswith($outcome.again) | not)) else . end
      end
    | .run = $ENV.GITHUB_RUN_ID' <<<"$STATE")
  echo "ends=goes_on" >>"$GITHUB_OUTPUT"
  if jq -e '.waits // [] | length > 0' <<<"$onward" >/dev/null; then
    # What failed beside it has an owner of its own, who has not been asked yet.
    onward=$(jq -c '.failed = .waits[0] | .waits |= .[1:]' <<<"$onward")
    start "$ROLLBACK" -f "state=$onward" -f ends=as_planned
    echo "Something else failed as well: a new run of \`$ROLLBACK\` asks what follows that." >>"$GITHUB_STEP_SUMMARY"
    exit 0
  fi
  start "$RELEASE" -f "resume=$onward"
  echo "The release goes on in a new run of \`$RELEASE\`." >>"$GITHUB_STEP_SUMMARY"
  exit 0
fi
if [ "$follows" = nothing ]; then
  echo "ends=nothing" >>"$GITHUB_OUTPUT"
  exit 0
fi
if [ "$follows" != rollback ]; then
  times=$(jq '.asked // 0' <<<"$STATE")
  # Whoever was asked has answered, twice, and not with one of the words.
  if [ "$ASKED" = success ] && [ -z "$answer" ] && [ "$times" -lt 3 ] && [ "$ACTOR" = 'github-actions[bot]' ]; then
    echo "ends=goes_on" >>"$GITHUB_OUTPUT"
    start "$ROLLBACK" -f "state=$(jq -c '.asked = (.asked // 0) + 1' <<<"$STATE")" -f ends=as_planned
    echo "No clear answer: a new run of \`$ROLLBACK\` asks once more." >>"$GITHUB_STEP_SUMMARY"
    exit 0
  fi
  echo "::error title=Paused::there is no clear answer, so nothing is done; start this workflow by hand to undo what began"
  exit 1
fi
ends=$(jq -r '.ends // "rolled_back"' <<<"$what")
began=$(jq -c '.began // []' <<<"$STATE")
reach=$(jq -c --argjson scope "$(jq -c '.scope // null' <<<"$what")" 'if $scope == null then . else map(select(split(".")[0] | IN($scope[]))) end' <<<"$began")
todo=$(jq -c --argjson began "$reach" --arg from "$FROM" --arg ends "$ends" '
  (if $from == "" then 0 else ([.[] | .unit] | index($from)) // error("there is no undo called \($from)") end) as $first
  | if $ends == "stopped_as_it_is" then [] else
      [.[$first:][]
        | select(IN(.stage; $began[]))
        | select(.always or IN(.undoes; $began[]) or ((.stage + ".") as $of | any($began[]; startswith($of)) | not))
        | select((.of // []) as $of | .at as $at | $of == [] or (([$of[] | select(IN($began[]))] | last // $of[-1]) | IN($at[])))]
      | [.[].unit, .[].stage] | unique
    end' <<<"$TABLE")
alone=$(jq -c --argjson began "$began" '[to_entries[] | select(IN(.key; $began[])) | .value[]] | unique' <<<"$STUCK")
todo=$(jq -cn --argjson todo "$todo" --argjson alone "$alone" '[$todo[] | select(split(".")[0] | IN($alone[]) | not)]')
leave=$(jq -cn --argjson began "$began" --argjson holds "$HOLDS" --argjson todo "$todo" '
  ($ENV.STATE | fromjson | .done // []) as $done
  | [$holds | to_entries[] | .key as $h | select(IN("hold." + $h; $began[]) or IN("enter-" + $h; $done[]))
    | IN("exit-" + $h; $done[]) as $left
    | any(.value[]; IN($todo[])) as $undone
    | if $left and $undone then "reenter-" + $h, "exit-" + $h elif $left then empty else "exit-" + $h end]')
{
  echo "ends=$ends"
  echo "began=$began"
  echo "todo=$todo"
  echo "stuck=$alone"
  echo "holds=$leave"
  echo "state=$(jq -c . <<<"$STATE")"
  echo "done=$(jq -c '.done // []' <<<"$STATE")"
} >>"$GITHUB_OUTPUT"
{
  echo "## What is undone"
  echo
  jq -r '.[] | "- \(.)"' <<<"$todo"
  jq -r 'if . == [] then empty else "", "Left alone, because it cannot be taken back or stands under something that cannot: \(join(", "))" end' <<<"$alone"
} >>"$GITHUB_STEP_SUMMARY"
