# ENVIRONMENT: where it was asked. UNITS: what counts as begun and done now; BESIDES: what counts as done only. KEEP: the names the comment is kept under. ASKED: JSON list of
# moments, the last of which it was asked at. WITHIN: for how many seconds, or nothing. LATE: `agrees` where a later answer counts
# as a yes, because silence does. VERDICT: the output that says a gate passed, or nothing.
# APART: environments whose reviewers may not do it. RULES, AUTHOR, STARTER: the plan's duties, as where approvals are read.
now=$(date +%s)
asked_at=$(jq -rn --argjson asked "$ASKED" '[$asked[] | select(. != "") | tonumber] | max // 0')
reviews=$(ask gh api "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/approvals")
last=$(jq -c --arg at "$ENVIRONMENT" '[.[] | select(.state == "approved") | select(any(.environments[].name; . == $at))] | last // {}' <<<"$reviews")
who=$(jq -r '.user.login // "nobody"' <<<"$last")
comment=$(jq -r '.comment // ""' <<<"$last")
if [ -n "$WITHIN" ] && [ "$asked_at" -gt 0 ] && [ $((now - asked_at)) -gt "$WITHIN" ]; then
  if [ "$LATE" != agrees ]; then
    echo "::error title=Too late::$who confirmed it $((now - asked_at)) seconds after it was asked for; the plan allows $WITHIN"
    exit 1
  fi
  echo "::warning title=Too late::the answer came $((now - asked_at)) seconds after it was asked for; the plan allows $WITHIN and lets silence count as a yes"
fi
reject() {
  echo "::error title=By other hands::$1"
  exit 1
}
if jq -en --arg who "$who" --argjson apart "$APART" --argjson reviews "$reviews" '
  any($reviews[]; .state == "approved" and (.user.login | ascii_downcase) == ($who | ascii_downcase) and any(.environments[].name; IN($apart[])))' >/dev/null; then
  reject "$who approved this release, and the plan says that others carry it out"
fi
while IFS= read -r rule; do
  fault=$(jq -rn --argjson rule "$rule" --argjson reviews "$reviews" --arg author "$AUTHOR" --arg starter "$STARTER" '
    [$reviews[] | select(.state == "approved") | .user.login as $who | .environments[].name | select(in($rule.seats)) | [$rule.seats[.], $who]]
      + [$rule.people[] | ["author", .]] + [select($rule.author and $author != "") | ["author", $author]]
      + [$rule.started | select(. != null) | [., $starter]]
    | map(map(ascii_downcase)) | unique | map(.[1]) as $filled
    | if $rule.kind == "distinct" and ($filled | length) != ($filled | unique | length) then "one person fills two seats that must be distinct: \($filled)"
      elif $rule.kind == "same" and ($filled | unique | length) > 1 then "different people fill seats that must be the same: \($filled)"
      elif $rule.kind == "at_most" and any($filled | group_by(.)[]; length > $rule.most) then "one person fills more than \($rule.most) of these seats: \($filled)"
      else empty end')
  if [ -n "$fault" ]; then
    reject "$fault"
  fi
done < <(jq -c '.[]' <<<"$RULES")
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
