# TOOLS: [{name, sign, version}]: what commands of this job need.
missing=0
while IFS=$'\t' read -r name sign version; do
  if ! command -v "$name" >/dev/null; then
    echo "::error title=Missing tool::$name is not on this runner"
    missing=1
    continue
  fi
  if [ -z "$version" ]; then
    continue
  fi
  have=$({ "$name" --version 2>/dev/null || "$name" version 2>/dev/null || true; } | grep -oE '[0-9]+(\.[0-9]+)+' | head -n 1 || true)
  if [ -z "$have" ]; then
    echo "::warning title=Unknown version::$name does not say its version; the plan asks for $sign $version"
    continue
  fi
  lower=$(printf '%s\n%s\n' "$have" "$version" | sort -V | head -n 1)
  case $sign in
  '>=') [ "$lower" = "$version" ] || missing=1 ;;
  '>') { [ "$lower" = "$version" ] && [ "$have" != "$version" ]; } || missing=1 ;;
  '<=') [ "$lower" = "$have" ] || missing=1 ;;
  '<') { [ "$lower" = "$have" ] && [ "$have" != "$version" ]; } || missing=1 ;;
  *) [[ $have == "$version" || $have == "$version".* ]] || missing=1 ;;
  esac
  echo "$name $have (the plan asks for $sign $version)"
done < <(jq -r '.[] | [.name, .sign, .version] | @tsv' <<<"$TOOLS")
if [ "$missing" -gt 0 ]; then
  echo "::error title=Wrong tools::this runner does not have what the plan needs"
  exit 1
fi
