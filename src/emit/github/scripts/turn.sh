# MARKS: what this run has for itself, as it stands in the names of runs: ["[production]"]. DROPS: those of them for which this run ends instead of waiting.
# RESUME: the state of the run this one goes on with, or nothing: then only that run is waited for. MOST: seconds it waits at most.
runs="repos/$GITHUB_REPOSITORY/actions/runs"
if [ -n "$RESUME" ]; then
  before=$(jq -r '.run // empty' <<<"$RESUME")
else
  before=''
fi
for ((left = MOST; left > 0; left -= 60)); do
  if [ -n "$RESUME" ]; then
    busy=$(if [ -n "$before" ]; then ask gh api "$runs/$before" --jq 'select(.status != "completed") | .id'; fi)
  else
    # A run that goes from one state to the next between two questions is seen by the later one.
    busy=$(for status in requested pending queued waiting in_progress waiting; do
      ask gh api --paginate "$runs?status=$status&per_page=100" --jq '.workflow_runs[] | {id, display_title}' || exit 1
    done | jq -rs --argjson marks "$MARKS" --argjson drops "$DROPS" --argjson self "$GITHUB_RUN_ID" '
      [.[] | select(.id < $self or (.id > $self and (.display_title | test("^Rollback |\\[goes on\\]"))))
        | select(any(.display_title | contains($marks[]); .)) | "\(.id) \(.display_title)"]
      | first((.[] | select(any(contains($drops[]); .))), .[])')
  fi
  if [ -z "$busy" ]; then
    exit 0
  fi
  if jq -en --arg busy "$busy" --argjson drops "$DROPS" 'any($busy | contains($drops[]); .)' >/dev/null; then
    echo "::error title=Another run has the lock::run $busy is under way, and the plan says that this one is dropped"
    exit 1
  fi
  echo "waiting for run $busy"
  sleep 60
done
echo "::error title=Another run has the lock::run $busy is still under way"
exit 1
