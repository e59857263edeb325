# TITLE, BODY: of an issue. WHO: logins and teams, as JSON: a role is told by being named in it.
people=$(jq -r 'map("@" + .) | join(" ")' <<<"$WHO")
if ! gh issue create --repo "$GITHUB_REPOSITORY" --title "$TITLE" --body "$people

$BODY

$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID"; then
  echo "::warning title=Not sent::a role could not be told; the run goes on"
fi
