"""shellcheck on a script and on the scripts inside it, for the judges of workflows and of build specifications."""

import json
import pathlib
import re
import subprocess
import sys

SHELLCHECK = pathlib.Path(sys.executable).with_name("shellcheck")
# A script that another one writes to a file and starts from there.
NESTED = re.compile(r"^[ \t]*cat >\"?[^\s\"]+\"? <<'(\w+)'\n(.*?)^\1$", re.S | re.M)
NESTED_SETTINGS = "set -euo pipefail"
UNASSIGNED = 2154


def complaints(script, shell, settings, known):
    """What shellcheck says of a script behind `settings`, when a variable in upper case is set if `known(name)` says so."""
    yield from _of_one(script, shell, settings, known)
    # The inner script inherits what the outer one exports, or sets in front of the command that starts it.
    given = set(re.findall(r"\b([A-Z_][A-Z0-9_]*)=", script))
    for number, (_, inner) in enumerate(NESTED.findall(script), 1):
        for complaint in _of_one(inner, "bash", NESTED_SETTINGS, lambda name: known(name) or name in given):
            yield f"inner script {number}, {complaint}"


def _of_one(script, shell, settings, known):
    text = f"#!/usr/bin/env {shell}\n{settings}\n{script}"
    command = [SHELLCHECK, "--norc", "--shell", shell, "--format", "json1", "--enable", "check-unassigned-uppercase", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        yield f"shellcheck could not read the script: {done.stderr.strip()}"
        return
    for comment in json.loads(done.stdout)["comments"]:
        if comment["code"] == UNASSIGNED and known(comment["message"].split(" ", 1)[0]):
            continue
        yield f"line {comment['line'] - 2}: SC{comment['code']} {comment['message']}"
