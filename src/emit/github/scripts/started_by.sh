# PERMITTED: logins in lower case. STARTER: who started the run.
if ! jq -en --arg starter "$STARTER" --argjson permitted "$PERMITTED" '$starter | ascii_downcase | IN($permitted[])' >/dev/null; then
  echo "::error title=Not permitted::$STARTER may not start this release; $PERMITTED may"
  exit 1
fi
