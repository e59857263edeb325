# NEEDS: the jobs before, with their outputs. ASKED_JOBS: {job: what counts as begun when a person was asked there}. RESUME: the state of an earlier
# run, or nothing. SIBLINGS: names of jobs that may be under way; EARLIER: those of them that settle before this one when both failed. WAIT: seconds.
# CAUSE, RUNG: what failed, and where in a rollout. OUTCOMES: {cause: {then, ends, scope, attempts, redo, decision}}. ATTEMPT: of this run.
# PARAMS: the inputs that are the plan's. INPUTS: all inputs. STARTER, START: of this run. RELEASE, ROLLBACK: the workflows' files.
run="repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"
jobs() { gh api --paginate "$run/attempts/$GITHUB_RUN_ATTEMPT/jobs?per_page=100" --jq '.jobs[] | {name, status, conclusion}' | jq -cs .; }
next() {
  echo "next=$1" >>"$GITHUB_OUTPUT"
  echo "$2" | tee -a "$GITHUB_STEP_SUMMARY"
}

# What runs beside the failed part finishes the step it is in and then stops by itself.
beside='[]'
if [ "$SIBLINGS" != '[]' ]; then
  for ((left = WAIT; left > 0; left -= 15)); do
    busy=$(jobs | jq -r --argjson siblings "$SIBLINGS" '[.[] | select(.status == "in_progress") | .name | select(IN($siblings[]))] | join(", ")')
    if [ -z "$busy" ]; then
      break
    fi
    echo "waiting for $busy"
    sleep 15
  done
  mkdir -p "$RUNNER_TEMP/states"
  gh run download "$GITHUB_RUN_ID" --repo "$GITHUB_REPOSITORY" --pattern 'state-*' --dir "$RUNNER_TEMP/states" || echo "nothing beside it left a state"
  beside=$(find "$RUNNER_TEMP/states" -name '*.json' -exec cat {} + | jq -cs .)
fi
state=$(jq -cn --argjson siblings "$beside" --argjson asked "$ASKED_JOBS" '
  ($ENV.NEEDS | fromjson) as $needs
  | [$ENV.RESUME | select(. != "") | fromjson]
    + [$needs[].outputs.state // empty | select(. != "") | fromjson]
    + [$needs | to_entries[] | select(.value.result != "skipped") | {began: ($asked[.key] // [])}]
    + $siblings
  | reduce .[] as $s ({began: [], done: [], values: {}}; . as $all | {
      began: ($all.began + ($s.began // []) | unique),
      done: ($all.done + ($s.done // []) | unique),
      values: ($all.values + ($s.values // {}) + ($all.values | with_entries(select(.key | startswith("v_prior_")))))
    })
  | . + {starter: $ENV.STARTER, start: $ENV.START, run: $ENV.GITHUB_RUN_ID}')

# When two parts failed, the earlier one settles for both.
if [ "$EARLIER" != '[]' ]; then
  leader=$(jobs | jq -r --argjson earlier "$EARLIER" --argjson siblings "$beside" '
    [$siblings[] | select(.stopped) | .job] as $stopped
    | [.[] | select(IN(.conclusion; "failure", "timed_out", "cancelled")) | .name | select(IN($earlier[])) | select(IN($stopped[]) | not)] | first // empty')
  if [ -n "$leader" ]; then
    next left "\`$leader\` failed too, and settles for both"
    exit 0
  fi
fi

outcome=$(jq -c --arg cause "$CAUSE" --arg rung "rung:$RUNG" '.[$cause] // .[$rung] // .default' <<<"$OUTCOMES")
echo "ends=$(jq -r '.ends // "stopped"' <<<"$outcome")" >>"$GITHUB_OUTPUT"
# dispatch WORKFLOW JSON: starts a workflow with the plan's inputs and these.
dispatch() {
  local arguments=() pair
  while IFS= read -r -d '' pair; do
    arguments+=(-f "$pair")
  done < <(jq -jn --argjson more "$2" --argjson params "$PARAMS" '
    (($ENV.INPUTS | fromjson) // {} | with_entries(select(.key | IN($params[])))) + $more
    | to_entries[] | "\(.key)=\(.value)\u0000"')
  gh workflow run "$1" --repo "$GITHUB_REPOSITORY" --ref "$GITHUB_REF_NAME" "${arguments[@]}"
}
# withdraw: whatever waits for a person would keep this run alive for a month.
withdraw() {
  local waiting
  waiting=$(jobs | jq '[.[] | select(IN(.status; "waiting", "pending", "queued"))] | length')
  if [ "$waiting" -gt 0 ]; then
    gh run cancel "$GITHUB_RUN_ID" --repo "$GITHUB_REPOSITORY"
  fi
}
roll_back() {
  local began
  began=$(jq -c --argjson scope "$(jq -c '.scope // null' <<<"$outcome")" '
    .began | if $scope == null then . else map(select(split(".")[0] | IN("hold", $scope[]))) end' <<<"$state")
  if [ "$began" = '[]' ]; then
    next nothing "nothing had begun, so there is nothing to undo"
  else
    dispatch "$ROLLBACK" "$(jq -cn --argjson began "$began" --argjson state "$state" --argjson outcome "$outcome" '
      {run: $ENV.GITHUB_RUN_ID, began: ($began | tostring), state: ($state | tostring), ends: $outcome.ends}')"
    next dispatched "\`$ROLLBACK\` was started; it ends $(jq -r .ends <<<"$outcome")"
  fi
  withdraw
}
start_over() { # STATE ATTEMPT
  dispatch "$RELEASE" "$(jq -cn --argjson state "$1" --arg attempt "$2" '{resume: ($state | tostring), attempt: $attempt}')"
  next dispatched "\`$RELEASE\` was started again where this run stands, attempt $2"
  withdraw
}

case $(jq -r .then <<<"$outcome") in
rollback) roll_back ;;
pause)
  echo "state=$state" >>"$GITHUB_OUTPUT"
  next pause "the run pauses: its owner is asked in this run"
  ;;
decision)
  echo "state=$state" >>"$GITHUB_OUTPUT"
  next "$(jq -r .decision <<<"$outcome")" "a decision is asked in this run"
  ;;
continue)
  start_over "$(jq -c --argjson outcome "$outcome" '.done += ($outcome.done // []) | .values += ($outcome.values // {})' <<<"$state")" "$ATTEMPT"
  ;;
restart)
  if [ "$ATTEMPT" -lt "$(jq .attempts <<<"$outcome")" ]; then
    start_over "$(jq -c --argjson outcome "$outcome" '
      .done |= map(select(split(".")[0] | IN($outcome.redo[]) | not))
      | .values |= with_entries(select(.key | IN($outcome.forget[]) | not))' <<<"$state")" "$((ATTEMPT + 1))"
  else
    echo "the attempts are used up"
    roll_back
  fi
  ;;
*) next nothing "nothing follows" ;;
esac
