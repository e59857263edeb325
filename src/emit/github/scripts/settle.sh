# RUN: the release's run, or nothing. BEGAN, STATE: what is known of it, or nothing. ENDS: as_planned, or what a person chose. MOST: seconds to wait.
# BY_HAND: {name of a job: what counts as begun when a person is asked there}.
# OUTCOMES: {job: {cause: {then, ends, scope, done, values, attempts, redo, again, back, forget, asks, options, strength}}}. FALLEN: {name of a job: {job, cause, past}},
# the failure it stands for when it went wrong. TITLE: how the names of these runs begin.
released="repos/$GITHUB_REPOSITORY/actions/runs/$RUN"
# Done again, a run does nothing: what it did, it did the first time.
jobs() { ask gh api --paginate "$released/attempts/1/jobs?per_page=100" --jq '.jobs[] | {name, status, conclusion}' | jq -cs .; }
state=${STATE:-'{}'}
failed=$(jq -c '.failed // null' <<<"$state")
if [ -n "$RUN" ]; then
  # When two parts failed, each handed over; the first of them settles for both.
  if [ "$failed" != null ]; then
    first=$(ask gh api --paginate "repos/$GITHUB_REPOSITORY/actions/runs?event=workflow_dispatch&per_page=100" --jq '.workflow_runs[] | {id, display_title}' |
      jq -rs --arg title "$TITLE$RUN " --argjson self "$GITHUB_RUN_ID" '[.[] | select(.id < $self and (.display_title | startswith($title))) | .id] | first // empty')
    if [ -n "$first" ]; then
      {
        echo "then=nothing"
        echo 'outcome={"then":"nothing"}'
      } >>"$GITHUB_OUTPUT"
      echo "Run $first settles for this failure too." | tee -a "$GITHUB_STEP_SUMMARY"
      exit 0
    fi
  fi
  # What is under way finishes the step it is in and then stops by itself; whatever waits for a person is withdrawn with the run.
  for ((left = MOST; left > 0; left -= 15)); do
    if [ "$failed" = null ]; then
      break
    fi
    busy=$(jobs | jq -r '[.[] | select(.status == "in_progress" and (.name | test("^(Stage|Checks|Hold|Exit|After) "))) | .name] | join(", ")')
    if [ -z "$busy" ]; then
      break
    fi
    echo "waiting for $busy"
    sleep 15
  done
  asked='[]'
  for ((left = 600; left > 0; left -= 15)); do
    status=$(ask gh api "$released/attempts/1" --jq .status)
    if [ "$status" = completed ]; then
      break
    fi
    now=$(jobs)
    waiting=$(jq '[.[] | select(IN(.status; "waiting", "pending", "queued"))] | length' <<<"$now")
    asked=$(jq -c --argjson asked "$asked" '$asked + [.[] | select(.status == "waiting") | .name] | unique' <<<"$now")
    if [ "$failed" = null ] || [ "$waiting" -gt 0 ] || [ "$left" -le 300 ]; then
      gh run cancel "$RUN" --repo "$GITHUB_REPOSITORY" || echo "run $RUN ends by itself"
    fi
    sleep 15
  done
  # What a person was asked to do and did not say done may be half done.
  wrong=$(jobs | jq -c '[.[] | select(.conclusion == "failure") | .name]')
  asked=$(jq -cn --argjson asked "$asked" --argjson wrong "$wrong" '$asked + $wrong | unique')
  mkdir -p "$RUNNER_TEMP/states"
  states=$(ask gh api --paginate "$released/artifacts?per_page=100" --jq '.artifacts[] | select(.name | startswith("state-")) | .name')
  # A file that is there already is not written again.
  fetch() { rm -rf "$RUNNER_TEMP/states" && gh run download "$RUN" --repo "$GITHUB_REPOSITORY" --pattern 'state-*' --dir "$RUNNER_TEMP/states"; }
  if [ -n "$states" ] && ! ask fetch; then
    echo "::error title=Not read::what run $RUN began could not be read; start this workflow again, or, when it is gone for good, with an empty \`run\` and with \`began\` and \`state\`"
    exit 1
  fi
  beside=$(find "$RUNNER_TEMP/states" -name '*.json' -exec cat {} + | jq -cs .)
  state=$(jq -cn --argjson state "$state" --argjson beside "$beside" --argjson asked "$asked" --argjson units "$BY_HAND" '
    [$state] + $beside + [{began: [$asked[] | $units[.] // [] | .[]]}] | reduce .[] as $s ({began: [], done: [], values: {}};
      {began: (.began + ($s.began // []) | unique), done: (.done + ($s.done // []) | unique), values: (.values + ($s.values // {}))})
    | . as $all | $state + $all')
  # What else failed before the run came to its end; what only stopped because of that did not.
  also=$(jq -cn --argjson wrong "$wrong" --argjson of "$FALLEN" --argjson beside "$beside" '
    [$wrong[] | . as $name | $of[$name] // empty
      | .job as $job
      | ([$beside[] | select(.job == $name)] | first // {}) as $left
      | select($left.stopped | not)
      | {job: $job, cause: (.cause // $left.cause // ""), past: (($left.failing // []) + (.past // [])),
         rung: ([$beside[] | select($of[.job // ""].job == $job) | .rung // "" | select(. != "")] | max_by(.[1:] | tonumber) // "")}]
    | group_by(.job) | map(.[0] + {past: (map(.past) | add)})')
else
  # What failed together with what was already answered.
  also=$(jq -c '.waits // []' <<<"$state")
fi
if [ -n "$BEGAN" ]; then
  if ! jq -e 'type == "array" and all(type == "string")' <<<"$BEGAN" >/dev/null; then
    echo '::error title=Not a list::began must be a JSON list such as ["model", "model.s1"]'
    exit 1
  fi
  state=$(jq -c --argjson began "$BEGAN" '.began = ((.began // []) + $began | unique)' <<<"$state")
fi
if [ "$ENDS" = as_planned ]; then
  # Of all that failed together the strongest settles what follows, and of equals what handed over; what several would undo is undone together.
  settled=$(jq -c --argjson failed "$failed" --argjson also "$also" '
    . as $table
    | def follows: . as $f | $table[$f.job // ""] // {} | .[$f.cause // ""] // .["rung:" + ($f.rung // "")] // .default // {then: "rollback", ends: "rolled_back"};
    ($failed // {}) as $own
    | [$own | select(. != {} or $also == [])] + [$also[] | select(.job != $own.job)] | map({failed: ., what: follows})
    | . as $any
    | (map(.what.strength // 9) | max) as $most
    | [.[] | select((.what.strength // 9) == $most)] as $all
    | {failed: $all[0].failed, what: $all[0].what, back: ([$any[].what.back // [] | .[]]), waits: ($all[1:] | map(.failed)),
       done: [.[].what | select(.then == "continue") | .done[]], values: ([.[].what | select(.then == "continue") | .values // {}] | add // {})}
    | if .what.then == "restart" and any($all[].what; . != $all[0].what) then .what = {then: "rollback", ends: "rolled_back"} else . end
    | if .what.scope then .what.scope = ([$all[].what.scope[]] | unique) else . end' <<<"$OUTCOMES")
  outcome=$(jq -c .what <<<"$settled")
  state=$(jq -c --argjson settled "$settled" '
    (if $settled.failed == {} then . else .failed = $settled.failed end)
    | .began = ((.began // []) - $settled.back)
    | if $settled.what.then == "ask" then .waits = $settled.waits else del(.waits) end
    | if $settled.what.then | IN("rollback", "restart") then . else .done = ((.done // []) + $settled.done | unique) | .values = ((.values // {}) + $settled.values) end' <<<"$state")
else
  outcome=$(jq -cn --arg ends "$ENDS" '{then: "rollback", ends: $ends}')
fi
{
  echo "state=$state"
  echo "outcome=$outcome"
  jq -r '"then=\(.then)", "asks=\(.asks // "")", "options=\(.options // {} | keys_unsorted | tostring)", "within=\(.within // "")"' <<<"$outcome"
  echo "now=$(date +%s)"
} >>"$GITHUB_OUTPUT"
echo "What follows: $(jq -r .then <<<"$outcome")" >>"$GITHUB_STEP_SUMMARY"
