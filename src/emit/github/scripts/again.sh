# INSTEAD: what to do instead.
# What was approved and looked at holds for the first time only.
echo "::error title=Not done again::a run is done once; $INSTEAD" | tee -a "$GITHUB_STEP_SUMMARY"
exit 1
