"""shellcheck on the body of every `run:`, as the shell that GitHub would start sees it.

GitHub pastes the values of `${{ }}` into a script before the shell reads it. Each one becomes a plain word here, so that
shellcheck sees the shape of the script; that no such paste exists at all is what zizmor and actionlint hold.
"""

import pathlib
import re
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.shell import complaints
from lib.verdict import judge_files

# What stands before the script, as GitHub documents it: an unnamed shell on Linux is `bash -e`, a named one is stricter.
PREAMBLES = {None: ("bash", "set -e"), "bash": ("bash", "set -eo pipefail"), "sh": ("sh", "set -e")}
EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.S)
# Variables that the runner itself sets; every other one must come from an `env:` in sight.
RUNNER = re.compile(r"^(GITHUB_|RUNNER_|ACTIONS_|CI$|HOME$|PATH$)")


def environment(*levels):
    return {name for level in levels for name in (level.get("env") or {})}


def shell_of(*levels):
    for level in levels:
        shell = level.get("shell") or ((level.get("defaults") or {}).get("run") or {}).get("shell")
        if shell:
            return shell
    return None


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
            where = f"job {name}, step {number}"
            named = shell_of(step, job, workflow)
            if named not in PREAMBLES:
                messages.append(f"{where}: no judge for the shell `{named}`")
                continue
            set_here = environment(workflow, job, step) | exported(steps[: number - 1])
            script = EXPRESSION.sub("expression", str(step["run"]))
            found = complaints(script, *PREAMBLES[named], lambda word, known=set_here: word in known or bool(RUNNER.match(word)))
            messages += [f"{where}: {complaint}" for complaint in found]
    return messages


judge_files(judge)
