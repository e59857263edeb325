# ENVIRONMENT: where it was asked. SEATS: how many distinct people have to have said yes by now. PERMITTED: who may, or null for every reviewer.
# BARRED: people who may not; APART: environments whose reviewers may not. RULES: [{kind, most, seats: {environment: seat}, people, author,
# started}] of the plan's duties: people are authors, and so is AUTHOR where it says so; STARTER has the seat that `started` names.
# NAME: what it is done as, or nothing. ASKED: JSON list of moments, the last of which it was asked at. WITHIN: seconds, or nothing.
now=$(date +%s)
asked_at=$(jq -rn --argjson asked "$ASKED" '[$asked[] | select(. != "") | tonumber] | max // 0')
reviews=$(ask gh api "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/approvals")
said_yes() { jq -c --argjson at "$1" '[.[] | select(.state == "approved") | select(any(.environments[].name; IN($at[]))) | .user.login | ascii_downcase] | unique' <<<"$reviews"; }
approvers=$(said_yes "$(jq -cn --arg at "$ENVIRONMENT" '[$at]')")
others=$(said_yes "$APART")
counted=$(jq -cn --argjson approvers "$approvers" --argjson permitted "$PERMITTED" --argjson barred "$BARRED" --argjson others "$others" '
  [$approvers[] | select($permitted == null or IN($permitted[])) | select(IN($barred[], $others[]) | not)]')
reject() {
  echo "::error title=Not approved::$1"
  exit 1
}
if [ "$(jq length <<<"$counted")" -lt "$SEATS" ]; then
  reject "$SEATS distinct people must approve; $approvers did, of whom $counted count (barred: $BARRED, already in another seat: $others)"
fi
if [ -n "$WITHIN" ] && [ "$asked_at" -gt 0 ] && [ $((now - asked_at)) -gt "$WITHIN" ]; then
  reject "it was granted $((now - asked_at)) seconds after it was asked for; the plan allows $WITHIN"
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
{
  echo "approvers=$counted"
  echo "granted=$now"
  jq -rn --arg name "$NAME" --arg now "$now" '
    if $name == "" then empty else "state=" + ({began: [], done: [$name], values: {("v_" + $name): $now}} | tostring) end'
} >>"$GITHUB_OUTPUT"
echo "approved by $counted" >>"$GITHUB_STEP_SUMMARY"
