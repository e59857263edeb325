# PLAN: the digest this workflow was made from. GIVEN: the digest that was approved.
if [ "$GIVEN" != "$PLAN" ]; then
  echo "::error title=Not the approved plan::this workflow was made from plan $PLAN; the approved plan is '$GIVEN'"
  exit 1
fi
echo "the plan is the approved one: $PLAN"
