"""markdownlint on every Markdown file, with the settings in `.markdownlint-cli2.jsonc` next to this file."""

import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.verdict import judge_files

HERE = pathlib.Path(__file__).resolve().parent
LINTER = pathlib.Path(sys.executable).parents[2] / "npm/node_modules/.bin/markdownlint-cli2"


def judge(path):
    # `:` makes the name literal; the linter would read brackets in a folder's name as a pattern.
    command = [LINTER, "--no-globs", "--config", HERE / ".markdownlint-cli2.jsonc", f":{pathlib.Path(path).resolve()}"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr)
    return [line for line in done.stderr.splitlines() if line.strip()]


judge_files(judge)
