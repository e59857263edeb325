"""Runs what a state machine gives to CodeBuild: `builds.py FILE` reads a JSON list of `{"spec": …, "env": {…}, "scripts": […], "answers": {…}}` and prints, for
each, the commands that were called, with their words and the variables that are not the runner's, and what else came of it.

The shell is a real one, as `env.shell` of the specification says; whatever it calls besides harmless tools only records how it was called.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

# They only compute, or touch the step's own folder.
REAL = "bash sh cat chmod cut date dirname basename env expr grep head id jq ls mkdir mktemp mv cp ln perl printf pwd readlink realpath rm sed seq sleep sort tail tee test timeout touch tr true false uniq wc awk base64 sha256sum".split()
# What a plan may call.
RECORDED = "aws gh git curl terraform kubectl docker npm node python3".split()
RECORDER = """#!/bin/bash
mapfile -d '' -t variables <"/proc/$$/environ"
printf '%s\\0' "$#" "${0##*/}" "$@" "${#variables[@]}" "${variables[@]}" >>"$RECORD"
answer="$ANSWERS/${0##*/}"
if [ -f "$answer" ]; then cat "$answer"; fi
"""
RUNNERS = re.compile(r"^(PATH|HOME|PWD|OLDPWD|SHLVL|_|LANG|RECORD|ANSWERS|TMPDIR)$")


def fields(path):
    """The calls that were recorded."""
    words = path.read_bytes().decode(errors="surrogateescape").split("\0") if path.exists() else []
    calls, at = [], 0
    while at < len(words) - 1:
        count = int(words[at]) + 1
        command = words[at + 1 : at + 1 + count]
        at += 1 + count
        variables = dict(each.split("=", 1) for each in words[at + 1 : at + 1 + int(words[at])])
        at += 1 + int(words[at])
        calls.append({"command": command, "env": {name: value for name, value in sorted(variables.items()) if not RUNNERS.match(name)}})
    return calls


def files(folder):
    return {str(each.relative_to(folder)) for each in folder.rglob("*")}


def run(build, folder):
    """One build in a folder of its own."""
    tools, work, answers, temporary = (folder / name for name in ("tools", "work", "answers", "tmp"))
    for place in (tools, work, answers, temporary):
        place.mkdir()
    for name in REAL:
        found = shutil.which(name)
        if found:
            (tools / name).symlink_to(found)
    recorder = folder / "recorder"
    recorder.write_text(RECORDER)
    recorder.chmod(0o755)
    for name in RECORDED:
        (tools / name).symlink_to(recorder)
    for name in build["scripts"]:
        place = work / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(recorder)
    for name, text in build["answers"].items():
        (answers / name).write_text(text, encoding="utf-8")
    spec = json.loads(build["spec"])
    # The commands of a build share one shell, and the first that fails ends it. Their files are put where no other run has any.
    script = "\n".join(spec["phases"]["build"]["commands"]).replace("/tmp/releasec", f"{temporary}/releasec")
    exported = spec.get("env", {}).get("exported-variables", [])
    script += "".join(f'\nprintf "%s\\0" "${name}" >>"{folder}/exported"' for name in exported)
    (folder / "script").write_text("set -e\n" + script, encoding="utf-8", errors="surrogateescape")
    variables = {**spec.get("env", {}).get("variables", {}), **build["env"]}
    own = {"PATH": str(tools), "HOME": str(folder), "LANG": "C.UTF-8", "RECORD": str(folder / "record"), "ANSWERS": str(answers), "TMPDIR": str(temporary)}
    before = files(work)
    done = subprocess.run(["bash", str(folder / "script")], cwd=work, env={**variables, **own}, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
    given = (folder / "exported").read_bytes().decode(errors="surrogateescape").split("\0")[:-1] if exported and done.returncode == 0 else []
    return {"exit": done.returncode, "calls": fields(folder / "record"), "exported": given, "left": sorted(files(work) - before)}


def main():
    for build in json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")):
        with tempfile.TemporaryDirectory(prefix="build-") as folder:
            text = json.dumps(run(build, pathlib.Path(os.path.realpath(folder))))
            print(text.replace(os.path.realpath(folder), "/FOLDER"), flush=True)


main()
