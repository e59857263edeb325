# TITLE, BODY: of the issue. SECONDS_LEFT: until it is due.
due=$(date -ud "+$SECONDS_LEFT seconds" +%F)
if ! gh issue create --repo "$GITHUB_REPOSITORY" --title "$TITLE" --body "$BODY

Due: $due
$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"; then
  echo "::warning title=Not written down::$TITLE"
fi
