# ALLOWED: seconds that the whole stage may take.
echo "deadline=$(($(date +%s) + ALLOWED))" >>"$GITHUB_OUTPUT"
