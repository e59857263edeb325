"""The one way in which every judge speaks: one line of JSON per file, `{"file", "accepted", "messages"}`.

A judge that cannot work at all raises; the harness takes any exit status but 0 for a broken judge, never for a verdict.
"""

import json
import sys


def judge_files(judge):
    """Runs `judge(path)`, which returns a list of complaints, over the files (or folders) named on the command line."""
    for path in sys.argv[1:]:
        messages = judge(path)
        print(json.dumps({"file": path, "accepted": not messages, "messages": messages}), flush=True)
