# OBLIGATIONS: [{title, body, days, seconds, people}].
while IFS= read -r owed; do
  due=$(date -ud "+$(jq .seconds <<<"$owed") seconds" +%F)
  body=$(jq -r --arg due "$due" --arg run "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID" '.body + "\n\nDue: " + $due + "\nRun: " + $run' <<<"$owed")
  if ! gh issue create --repo "$GITHUB_REPOSITORY" --title "$(jq -r .title <<<"$owed")" --body "$body"; then
    echo "::warning title=Not written down::$(jq -r .title <<<"$owed")"
  fi
done < <(jq -c '.[]' <<<"$OBLIGATIONS")
