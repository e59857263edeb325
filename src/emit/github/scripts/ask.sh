# ask COMMAND: what it prints; what GitHub does not answer is asked again.
ask() {
  local answer pause
  for pause in 5 20 60 last; do
    if answer=$("$@"); then
      printf '%s\n' "$answer"
      return 0
    fi
    if [ "$pause" != last ]; then
      sleep "$pause"
    fi
  done
  echo "::error title=No answer::GitHub did not answer, four times" >&2
  return 1
}
