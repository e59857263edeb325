# ENVIRONMENT: where it was asked. OPTIONS: the words that are an answer. ASKED: JSON list of moments, the last of which it was asked at.
# WITHIN: for how many seconds, or nothing.
# The answer is the first word of a review's comment.
now=$(date +%s)
asked_at=$(jq -rn --argjson asked "$ASKED" '[$asked[] | select(. != "") | tonumber] | max // 0')
reviews=$(ask gh api "repos/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID/approvals")
given=$(jq -c --arg at "$ENVIRONMENT" --argjson options "$OPTIONS" '
  [.[] | select(.state == "approved") | select(any(.environments[].name; . == $at))
    | (.comment // "" | ascii_downcase | capture("^[^a-z0-9_]*(?<word>[a-z0-9_]+)") | .word)
    | . as $word | $options[] | select(ascii_downcase == $word)] | unique' <<<"$reviews")
if [ -n "$WITHIN" ] && [ "$asked_at" -gt 0 ] && [ $((now - asked_at)) -gt "$WITHIN" ]; then
  echo "::warning title=Too late::the answer came $((now - asked_at)) seconds after the question; the plan allows $WITHIN"
elif [ "$(jq length <<<"$given")" -eq 1 ]; then
  echo "answer=$(jq -r '.[0]' <<<"$given")" >>"$GITHUB_OUTPUT"
else
  echo "::warning title=No clear answer::a review's comment must begin with one of $OPTIONS; understood: $given"
fi
