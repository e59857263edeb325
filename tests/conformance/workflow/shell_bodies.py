"""shellcheck on the body of every `run:`, as the shell that GitHub would start sees it.

GitHub pastes the values of `${{ }}` into a script before the shell reads it. Each one becomes a plain word here, so that
shellcheck sees the shape of the script; that no such paste exists at all is what zizmor and actionlint hold.
"""

import json
import pathlib
import re
import subprocess
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.verdict import judge_files

SHELLCHECK = pathlib.Path(sys.executable).with_name("shellcheck")
# What stands before the script, as GitHub documents it: an unnamed shell on Linux is `bash -e`, a named one is stricter.
PREAMBLES = {None: ("bash", "set -e"), "bash": ("bash", "set -eo pipefail"), "sh": ("sh", "set -e")}
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.S)
# Variables that the runner itself sets; every other one must come from an `env:` in sight.
RUNNER = re.compile(r"^(GITHUB_|RUNNER_|ACTIONS_|CI$|HOME$|PATH$)")
UNASSIGNED = 2154


def environment(*levels):
    return {name for level in levels for name in (level.get("env") or {})}


def shell_of(*levels):
    for level in levels:
        shell = level.get("shell") or ((level.get("defaults") or {}).get("run") or {}).get("shell")
        if shell:
            return shell
    return None


def complaints(script, preamble, known):
    shell, settings = preamble
    text = f"#!/usr/bin/env {shell}\n{settings}\n{EXPRESSION.sub('expression', script)}"
    command = [SHELLCHECK, "--norc", "--shell", shell, "--format", "json1", "--enable", "check-unassigned-uppercase", "-"]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        yield f"shellcheck could not read the script: {done.stderr.strip()}"
        return
    for comment in json.loads(done.stdout)["comments"]:
        if comment["code"] == UNASSIGNED:
            name = comment["message"].split(" ", 1)[0]
            if name in known or RUNNER.match(name):
                continue
        yield f"line {comment['line'] - 2}: SC{comment['code']} {comment['message']}"


def exported(steps):
    """Names that a step gives to the steps after it through `$GITHUB_ENV`."""
    text = "\n".join(step.get("run") or "" for step in steps)
    return set(re.findall(r"\b([A-Za-z_]\w*)(?:=|<<)", text)) if "GITHUB_ENV" in text else set()


def judge(path):
    try:
        workflow = yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        return [f"not YAML: {error}"]
    messages = []
    for name, job in workflow["jobs"].items():
        steps = job.get("steps") or []
        for number, step in enumerate(steps, 1):
            if "run" not in step:
                continue
            preamble = PREAMBLES.get(shell_of(step, job, workflow))
            if preamble is None:
                messages.append(f"job {name}, step {number}: no judge for the shell `{shell_of(step, job, workflow)}`")
                continue
            known = environment(workflow, job, step) | exported(steps[: number - 1])
            messages += [f"job {name}, step {number}: {text}" for text in complaints(str(step["run"]), preamble, known)]
    return messages


judge_files(judge)
