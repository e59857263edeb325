# EXPECTED: [{name, reviewed, users, teams, no_self_review, wait}], people and teams in lower case.
faults=0
while IFS= read -r wanted; do
  name=$(jq -r .name <<<"$wanted")
  if ! found=$(gh api "repos/$GITHUB_REPOSITORY/environments/$name"); then
    echo "::error title=Missing environment::the environment '$name' does not exist; GitHub would create it without any rule"
    faults=$((faults + 1))
    continue
  fi
  while IFS= read -r fault; do
    echo "::error title=Environment $name::$fault"
    faults=$((faults + 1))
  done < <(jq -rn --argjson wanted "$wanted" --argjson found "$found" '
    ([$found.protection_rules[]? | select(.type == "required_reviewers")] | first) as $rule
    | ($rule.reviewers // []) as $reviewers
    | [$reviewers[] | select(.type == "User") | .reviewer.login | ascii_downcase] as $users
    | [$reviewers[] | select(.type == "Team") | .reviewer.slug | ascii_downcase] as $teams
    | ([$found.protection_rules[]? | select(.type == "wait_timer") | .wait_timer] | first // 0) as $timer
    | (if $timer != $wanted.wait then "it waits \($timer) minutes, and the plan says \($wanted.wait)" else empty end),
      if $wanted.reviewed then
        (if $rule == null then "nobody has to review it" else empty end),
        ($users - $wanted.users | .[] | "\(.) may review it, and the plan does not say so"),
        ($teams - $wanted.teams | .[] | "team \(.) may review it, and the plan does not say so"),
        ($wanted.users - $users | .[] | "\(.) is no reviewer of it, and the plan asks for that"),
        ($wanted.teams - $teams | .[] | "team \(.) is no reviewer of it, and the plan asks for that"),
        (if $wanted.no_self_review and ($rule.prevent_self_review != true) then "whoever starts a run may review it" else empty end),
        (if $found.can_admins_bypass == true then "administrators may pass it by" else empty end)
      else
        (if $rule != null then "it asks for a review, so every job in it would ask again" else empty end),
        (if $found.deployment_branch_policy == null then "any branch may use it" else empty end)
      end')
done < <(jq -c '.[]' <<<"$EXPECTED")
if [ "$faults" -gt 0 ]; then
  exit 1
fi
echo "every environment is there, with its rules"
