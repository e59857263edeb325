#!/bin/bash
# Stands in for a command on the runner: tells the executor how it was called, and does what the executor answers. One file, many names.
exec 3<>"/dev/tcp/127.0.0.1/$CONFORMANCE_PORT" || exit 125
input=
for argument in "$@"; do
  # Standard input is read only where the command would read it: inside a `while read` loop it belongs to the loop.
  case "$argument" in - | @- | *=@- | /dev/stdin | file:///dev/stdin) IFS= read -r -d '' input ;; esac
done
# What stands in its environment, where a scenario asks for that.
variables=()
if [ -n "${CONFORMANCE_VARIABLES:-}" ]; then mapfile -d '' -t variables <"/proc/$$/environ"; fi
printf '%s\0' "$CONFORMANCE_STEP" "$$" "$PWD" "${GH_TOKEN:-${GITHUB_TOKEN:-}}" "$input" "$#" "${0##*/}" "$@" "${#variables[@]}" ${variables[0]+"${variables[@]}"} >&3
while read -r word rest <&3; do
  case "$word" in
  out) printf '%b' "$rest" ;;
  err) printf '%b' "$rest" >&2 ;;
  timeout)
    # `timeout SECONDS COMMAND…`: the executor's clock decides, and kills the command's process group.
    read -r skip <<<"$rest"
    set -m
    "${@:skip+1}" &
    printf '%s\0' "$!" >&3
    # What bash would say about a killed job is not the command's own.
    { wait "$!"; } 2>/dev/null
    printf '%s\0' "$?" >&3
    ;;
  exit) exit "$rest" ;;
  esac
done
exit 125
