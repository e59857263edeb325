# OPENS, CLOSES: seconds since 1970, or nothing. DAYS: 1 (Monday) to 7, or nothing; FROM, TO: minutes of the day, or nothing; ZONE: theirs.
# FREEZES: [{why, from, to}] in seconds since 1970; QUIET_HOURS: [{days, from, to}], spans in which nothing may be released.
# WAIT: seconds this step may wait for the opening. BEFORE: true when only the end of the window matters yet.
minute_of() { echo $((10#$(TZ="$ZONE" date -d "@$1" +%H) * 60 + 10#$(TZ="$ZONE" date -d "@$1" +%M))); }
# inside DAYS FROM TO MOMENT: whether the moment lies in the recurring span; one that ends before it begins runs over midnight.
inside() {
  local day minute
  day=$(TZ="$ZONE" date -d "@$4" +%u)
  minute=$(minute_of "$4")
  if [ "$2" -lt "$3" ]; then
    [[ $1 == *$day* ]] && [ "$minute" -ge "$2" ] && [ "$minute" -lt "$3" ]
  else
    { [[ $1 == *$day* ]] && [ "$minute" -ge "$2" ]; } ||
      { [[ $1 == *$(((day + 5) % 7 + 1))* ]] && [ "$minute" -lt "$3" ]; }
  fi
}
# shut MOMENT: why nothing may be released then, if so.
shut() {
  local days from to
  if [ -n "$OPENS" ] && [ "$1" -lt "$OPENS" ]; then
    echo "the window opens at $(date -ud "@$OPENS" +%FT%TZ)"
    return
  fi
  if [ -n "$DAYS" ] && ! inside "$DAYS" "${FROM:-0}" "${TO:-1440}" "$1"; then
    echo "the window is not open at this hour"
    return
  fi
  while IFS=$'\t' read -r days from to; do
    if inside "$days" "$from" "$to" "$1"; then
      echo "nothing is released at this hour"
      return
    fi
  done < <(jq -r '.[] | [.days, .from, .to] | @tsv' <<<"$QUIET_HOURS")
  jq -r --argjson at "$1" '[.[] | select(.from <= $at and $at < .to) | .why] | first // empty' <<<"$FREEZES"
}
now=$(date +%s)
if [ -n "$CLOSES" ] && [ "$now" -ge "$CLOSES" ]; then
  echo "::error title=The window is over::it closed at $(date -ud "@$CLOSES" +%FT%TZ)"
  echo "cause=window" >>"$GITHUB_OUTPUT"
  exit 1
fi
if [ "$BEFORE" = true ]; then
  exit 0
fi
waited=0
while why=$(shut "$((now + waited))") && [ -n "$why" ]; do
  waited=$((waited + 60))
  if [ "$waited" -gt "$WAIT" ]; then
    echo "::error title=The window is not open::$why; the owner is asked, and answers \`retry\` when it is"
    echo "cause=window" >>"$GITHUB_OUTPUT"
    exit 1
  fi
done
if [ "$waited" -gt 0 ]; then
  echo "waiting $waited seconds: $(shut "$now")"
  sleep "$waited"
fi
