"""zizmor, offline, in its strictest persona: the security of workflows."""

import json
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.verdict import judge_files

ZIZMOR = pathlib.Path(sys.executable).with_name("zizmor")


def judge(path):
    command = [ZIZMOR, "--offline", "--persona", "pedantic", "--no-config", "--no-progress", "--format", "json", path]
    done = subprocess.run(command, capture_output=True, text=True)
    # 0 is clean and 11 to 14 are findings by severity; everything else means that zizmor itself could not work.
    if done.returncode not in (0, 11, 12, 13, 14):
        return [f"zizmor could not read the file: {done.stderr.strip()}"]
    messages = []
    for finding in json.loads(done.stdout):
        place = finding["locations"][0]["concrete"]["location"]["start_point"]
        messages.append(f"{place['row'] + 1}:{place['column'] + 1} {finding['desc']} [{finding['ident']}]")
    return messages


judge_files(judge)
