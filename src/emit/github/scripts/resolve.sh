# ANSWER: what a person said, or nothing. DEFAULT: what is taken then, or nothing. OUTCOMES: {answer: {then, ends, scope, done, values, attempts, redo,
# forget}}. STATE: as settled. PARAMS, INPUTS: the plan's inputs, and all of them. ATTEMPT: of this run. RELEASE, ROLLBACK: the workflows' files.
answer=${ANSWER:-$DEFAULT}
outcome=$(jq -c --arg answer "$answer" '.[$answer] // {then: "ask"}' <<<"$OUTCOMES")
then=$(jq -r .then <<<"$outcome")
if [ "$then" = restart ] && [ "$ATTEMPT" -ge "$(jq .attempts <<<"$outcome")" ]; then
  then=rollback
fi
# dispatch WORKFLOW JSON: starts a workflow with the plan's inputs and these.
dispatch() {
  local arguments=() pair
  while IFS= read -r -d '' pair; do
    arguments+=(-f "$pair")
  done < <(jq -jn --argjson more "$2" --argjson params "$PARAMS" '
    (($ENV.INPUTS | fromjson) // {} | with_entries(select(.key | IN($params[])))) + $more
    | to_entries[] | "\(.key)=\(.value)\u0000"')
  gh workflow run "$1" --repo "$GITHUB_REPOSITORY" --ref "$GITHUB_REF_NAME" "${arguments[@]}"
  echo "next=dispatched" >>"$GITHUB_OUTPUT"
}
case $then in
retry | proceed | continue | restart)
  dispatch "$RELEASE" "$(jq -cn --argjson outcome "$outcome" --arg then "$then" '
    ($ENV.STATE | fromjson)
    | if $then == "restart" then
        .done |= map(select(split(".")[0] | IN($outcome.redo[]) | not))
        | .values |= with_entries(select(.key | IN($outcome.forget[]) | not))
      else
        .done += ($outcome.done // []) | .values += ($outcome.values // {})
      end
    | {resume: tostring, attempt: (if $then == "restart" then ($ENV.ATTEMPT | tonumber + 1 | tostring) else $ENV.ATTEMPT end)}')"
  ;;
rollback)
  dispatch "$ROLLBACK" "$(jq -cn --argjson outcome "$outcome" '
    ($ENV.STATE | fromjson) as $state
    | ($state.began | if $outcome.scope == null then . else map(select(split(".")[0] | IN("hold", $outcome.scope[]))) end) as $began
    | {run: $ENV.GITHUB_RUN_ID, began: ($began | tostring), state: ($state | tostring), ends: ($outcome.ends // "rolled_back")}')"
  ;;
*)
  echo "::error title=Paused::nothing follows from the answer '$answer'; start this job again to be asked again"
  exit 1
  ;;
esac
echo "answer: $answer" >>"$GITHUB_STEP_SUMMARY"
