# NAME: the artifact. DIGEST: what the plan ships.
if [[ ! $DIGEST =~ ^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}|[0-9a-f]{40}|[0-9a-f]{64})$ ]]; then
  echo "::error title=Not a digest::'${DIGEST//[[:cntrl:]]/ }' does not name one build of $NAME"
  exit 1
fi
echo "$NAME is $DIGEST" >>"$GITHUB_STEP_SUMMARY"
