# SUMMARY: Markdown. INPUTS: the inputs of the run.
{
  printf '%s\n\n' "$SUMMARY"
  echo "| input | value |"
  echo "| --- | --- |"
  jq -rn '($ENV.INPUTS | fromjson) // {} | to_entries[] | select(.key != "resume") | "| \(.key) | `\(.value | tostring | gsub("[`|\n]"; " "))` |"'
} >>"$GITHUB_STEP_SUMMARY"
