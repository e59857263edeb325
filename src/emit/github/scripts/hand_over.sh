# NEEDS: the jobs before, with their outputs. ASKED_JOBS: {job: what counts as begun when a person was asked there}. FAILING: {job: what a person
# goes past when the run proceeds although it failed}. RESUME: the state of an earlier
# run, or nothing. FAILED, CAUSE, RUNG: the job that is settled, what failed in it, and where in a rollout. STARTER, START, ATTEMPT: of this run.
# PARAMS: the inputs that are the plan's; INPUTS: all inputs. ROLLBACK: the workflow's file.
state=$(jq -cn --argjson asked "$ASKED_JOBS" --argjson failing "$FAILING" '
  ($ENV.NEEDS | fromjson) as $needs
  | [$ENV.RESUME | select(. != "") | fromjson]
    + [$needs[].outputs.state // empty | select(. != "") | fromjson]
    + [$needs | to_entries[] | select(.value.result != "skipped") | {began: ($asked[.key] // [])}]
  | reduce .[] as $s ({began: [], done: [], values: {}}; . as $all | {
      began: ($all.began + ($s.began // []) | unique),
      done: ($all.done + ($s.done // []) | unique),
      values: ($all.values + ($s.values // {}) + ($all.values | with_entries(select(.key | startswith("v_prior_")))))
    })
  | ([$needs[].outputs.state // empty | select(. != "") | fromjson | .failing // [] | .[]]
      + [$needs | to_entries[] | select(.value.result == "failure") | $failing[.key] // [] | .[]] | unique) as $past
  | . + {failed: {job: $ENV.FAILED, cause: $ENV.CAUSE, rung: $ENV.RUNG, past: $past}, starter: $ENV.STARTER, start: $ENV.START, attempt: $ENV.ATTEMPT}')
arguments=()
while IFS= read -r -d '' pair; do
  arguments+=(-f "$pair")
done < <(jq -jn --argjson params "$PARAMS" '
  ($ENV.INPUTS | fromjson) // {} | with_entries(select(.key | IN($params[]))) | to_entries[] | "\(.key)=\(.value)\u0000"')
# Handed over twice, the first of them settles for both.
ask gh workflow run "$ROLLBACK" --repo "$GITHUB_REPOSITORY" --ref "$GITHUB_REF_NAME" "${arguments[@]}" \
  -f "run=$GITHUB_RUN_ID" -f "began=$(jq -c .began <<<"$state")" -f "state=$state" -f ends=as_planned
echo "Handed over to \`$ROLLBACK\`: it ends this run and does what the plan says." >>"$GITHUB_STEP_SUMMARY"
