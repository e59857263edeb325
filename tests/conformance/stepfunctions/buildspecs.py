"""The scripts that a state machine gives to CodeBuild: the build specification has the documented form, and shellcheck reads the commands."""

import json
import pathlib
import re
import sys

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.shell import complaints
from lib.verdict import judge_files

# What AWS documents for version 0.2, at the top, in `env`, and in a phase.
TOP = {"version", "run-as", "env", "proxy", "batch", "phases", "reports", "artifacts", "cache"}
ENV = {"shell", "variables", "parameter-store", "exported-variables", "secrets-manager", "git-credential-helper"}
PHASES = {"install", "pre_build", "build", "post_build"}
PHASE = {"run-as", "on-failure", "commands", "finally", "runtime-versions"}
# Set by CodeBuild itself.
CODEBUILD = re.compile(r"^(AWS_|CODEBUILD_|HOME$|PATH$)")


def tasks(node):
    if isinstance(node, dict):
        if "codebuild:startBuild" in str(node.get("Resource", "")):
            yield node
        for inner in node.values():
            yield from tasks(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from tasks(inner)


def unknown(part, known, place):
    return [f"{place} has no `{key}`" for key in part if key not in known]


def spec_complaints(text, variables):
    try:
        spec = yaml.safe_load(text)
    except yaml.YAMLError as error:
        return [f"not YAML: {error}"]
    if not isinstance(spec, dict) or spec.get("version") != 0.2:
        return ["not a build specification of version 0.2"]
    env, phases = spec.get("env", {}), spec.get("phases", {})
    found = unknown(spec, TOP, "a build specification") + unknown(env, ENV, "env") + unknown(phases, PHASES, "phases")
    known = set(variables) | set(env.get("variables", {})) | set(env.get("secrets-manager", {})) | set(env.get("parameter-store", {}))
    for name, phase in phases.items():
        found += unknown(phase, PHASE, name)
        # The commands of a phase run one after the other in one shell.
        script = "\n".join(phase.get("commands", []) + phase.get("finally", []))
        found += [f"{name}: {complaint}" for complaint in complaints(script, env.get("shell", "sh"), "set -e", lambda word: word in known or bool(CODEBUILD.match(word)))]
    return found


def judge(path):
    messages = []
    for task in tasks(json.loads(pathlib.Path(path).read_text(encoding="utf-8"))):
        arguments = task.get("Arguments", {})
        text = arguments.get("BuildspecOverride", "")
        if not text or text.startswith("{%"):
            continue  # the project's own, or one that is computed; the engine sees the latter
        given = arguments.get("EnvironmentVariablesOverride", [])
        variables = [variable.get("Name") for variable in given] if isinstance(given, list) else []
        messages += spec_complaints(text, variables)
    return messages


judge_files(judge)
