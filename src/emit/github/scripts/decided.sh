# TAKEN: the option whose condition held. FIRST, SECOND: the answers. DEFAULT: the option when nobody answers. GO_ON: the options the run goes on with.
# NAME: what the decision is called in a state. KEEP: the names the option is kept under.
option=${TAKEN:-${FIRST:-${SECOND:-$DEFAULT}}}
{
  echo "option=$option"
  echo "at=$(date +%s)"
} >>"$GITHUB_OUTPUT"
if [ -z "$option" ]; then
  echo "::error title=Not decided::nobody answered, and there is no default"
  exit 1
fi
echo "decided: $option" >>"$GITHUB_STEP_SUMMARY"
if ! jq -en --arg option "$option" --argjson go_on "$GO_ON" '$option | IN($go_on[])' >/dev/null; then
  echo "::notice title=Decided::$option: the run does not go on"
  exit 1
fi
jq -rn --arg name "$NAME" --arg option "$option" --argjson keep "$KEEP" '
  ([{("v_" + $name): $option}] + ($keep | map({(.): $option})) | add) as $values
  | "state=" + ({began: [], done: [$name], values: $values} | tostring), ($keep[] + "=" + $option)' >>"$GITHUB_OUTPUT"
