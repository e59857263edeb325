"""python-hcl2 reads every `.tf` file: a second parser that knows nothing of Terraform's own."""

import pathlib
import sys

import hcl2

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.verdict import judge_files


def judge(path):
    messages = []
    for file in sorted(pathlib.Path(path).glob("*.tf")):
        try:
            hcl2.loads(file.read_text(encoding="utf-8"))
        except Exception as error:  # the parser raises several kinds, all of them a refusal
            messages.append(f"{file.name}: {error}")
    return messages


judge_files(judge)
