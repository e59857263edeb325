"""Tries each hook of `.pre-commit-hooks.yaml` as pre-commit would run it: `try_hooks.py REPOSITORY BINARY CASES` on a fresh checkout.

pre-commit clones the repository and installs the hook's program from it. Compiling takes minutes and is what the other tests do
all day; a `cargo` of ours, first on PATH, answers `cargo install` with the program that has just been built. Everything else
(the clone, the manifest, which files a hook takes, its arguments, its verdict) is pre-commit's own.

CASES is a JSON list of `{"hook", "file", "text", "passes"}`; prints one verdict a case. A case is refused when pre-commit's verdict is not
the one that was expected.
"""

import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

PRE_COMMIT = pathlib.Path(sys.executable).with_name("pre-commit")
CARGO = """#!/bin/sh
# `cargo --version` tells pre-commit that a toolchain is there; `cargo install --bins --root FOLDER --path .` installs.
case "$1" in
--version) echo "cargo 1.88.0" ;;
install)
  test "$2 $3 $5 $6" = "--bins --root --path ." || { echo "unexpected: cargo $*" >&2; exit 1; }
  mkdir -p "$4/bin" && cp "{binary}" "$4/bin/"
  ;;
*) echo "unexpected: cargo $*" >&2; exit 1 ;;
esac
"""


def checkout(folder, files):
    """A git repository of a user of ours, with these files in it."""
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    for command in (["init", "--quiet"], ["add", "."]):
        subprocess.run(["git", *command], cwd=folder, check=True)


def main():
    repository, binary, cases = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        shim = scratch / "bin" / "cargo"
        shim.parent.mkdir()
        shim.write_text(CARGO.replace("{binary}", binary))
        shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
        environment = os.environ | {
            "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
            "PRE_COMMIT_HOME": str(scratch / "home"),
            # The clone of a repository that someone else checked out is still only read.
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
        }
        for number, case in enumerate(cases):
            project = scratch / f"project-{number}"
            checkout(project, {case["file"]: case["text"]})
            command = [PRE_COMMIT, "try-repo", repository, case["hook"], "--verbose", "--files", case["file"]]
            done = subprocess.run(command, cwd=project, env=environment, capture_output=True, text=True)
            said = f"{case['hook']} on {case['file']}: exit {done.returncode}: {done.stdout[-1500:]}{done.stderr[-500:]}"
            ran = "Skipped" not in done.stdout and case["hook"] in done.stdout
            accepted = ran and (done.returncode == 0) == case["passes"]
            print(json.dumps({"file": case["file"], "accepted": accepted, "messages": [] if accepted else [said]}))


main()
