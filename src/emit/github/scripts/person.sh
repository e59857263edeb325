# ENVIRONMENT: where it was asked. UNITS: what counts as begun and done now; BESIDES: what counts as done only. KEEP: the names the comment is kept under. ASKED: JSON list of
# moments, the last of which it was asked at. WITHIN: for how many seconds, or nothing. VERDICT: the output that says a gate passed, or nothing.
now=$(date +%s)
asked_at=$(jq -rn --argjson asked "$ASKED" '[$asked[] | select(. != "") | tonumber] | max // 0')
reviews=$(gh api "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/approvals")
last=$(jq -c --arg at "$ENVIRONMENT" '[.[] | select(.state == "approved") | select(any(.environments[].name; . == $at))] | last // {}' <<<"$reviews")
who=$(jq -r '.user.login // "nobody"' <<<"$last")
comment=$(jq -r '.comment // ""' <<<"$last")
if [ -n "$WITHIN" ] && [ "$asked_at" -gt 0 ] && [ $((now - asked_at)) -gt "$WITHIN" ]; then
  echo "::error title=Too late::$who confirmed it $((now - asked_at)) seconds after it was asked for; the plan allows $WITHIN"
  exit 1
fi
while IFS= read -r name; do
  end=$(cat /proc/sys/kernel/random/uuid)
  printf '%s<<%s\n%s\n%s\n' "$name" "$end" "$comment" "$end" >>"$GITHUB_OUTPUT"
done < <(jq -r '.[]' <<<"$KEEP")
if [ -n "$VERDICT" ]; then
  echo "$VERDICT=passed" >>"$GITHUB_OUTPUT"
fi
{
  echo "by=$who"
  echo "at=$now"
  jq -cn --argjson units "$UNITS" --argjson besides "$BESIDES" --argjson keep "$KEEP" --arg comment "$comment" '
    "state=" + ({began: ($units | map(., split(".")[0]) | unique), done: ($units + $besides), values: ($keep | map({(.): $comment}) | add // {})} | tostring)' | jq -r .
} >>"$GITHUB_OUTPUT"
echo "confirmed by $who" >>"$GITHUB_STEP_SUMMARY"
