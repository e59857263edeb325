"""Executes state machines: `run.py DEFINITION SCENARIO…` prints one JSON trace a scenario; `run.py --pairs DEFINITION SCENARIO DEFINITION
SCENARIO…` does so for several machines, each with its scenario.

The interpreter is moto's (interpreter.py), the world around it ours (world.py). A trace holds the states entered, the calls with
their evaluated arguments, the final status with error and cause, and complaints about calls that AWS would not have taken.
"""

import json
import logging
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from stepfunctions import interpreter
from stepfunctions.world import World

# The service ends an execution whose history grows longer.
LONGEST_HISTORY = 25_000


def run(definition, scenario):
    world = World(scenario)
    status, error, cause, output, history = interpreter.execute(definition, scenario, world)
    entered = [event["stateEnteredEventDetails"]["name"] for event in history if event["type"].endswith("StateEntered")]
    complaints = list(world.complaints)
    complaints += [f"a reply of the scenario answered nothing: {json.dumps(reply)}" for reply in world.unused()]
    if len(history) > LONGEST_HISTORY:
        complaints.append(f"the history has {len(history)} events; the service ends an execution at {LONGEST_HISTORY}")
    return {
        "result": " ".join(filter(None, [status, error])),
        "cause": cause,
        "output": output,
        "seconds": interpreter.clock.seconds if interpreter.clock.ended_at is None else interpreter.clock.ended_at,
        "path": entered,
        "calls": [text_of(call) for call in world.calls],
        "events": world.calls,
        "history_events": len(history),
        "complaints": complaints,
    } | ({"history": {"events": history}} if os.environ.get("HISTORY") else {})


def text_of(call):
    """A call on one line, for the expectations of a scenario."""
    return f"{call['state']}: {call['action']} {json.dumps(call['arguments'], sort_keys=True)} -> {call['outcome']}"


def read(path):
    """A scenario, with what it takes over from the world that it names under `like`."""
    path = pathlib.Path(path)
    scenario = json.loads(path.read_text(encoding="utf-8"))
    like = scenario.pop("like", None)
    return (read(path.parent / like) if like else {}) | scenario


def main():
    logging.disable(logging.CRITICAL)  # the interpreter logs each failed task, and failing is what scenarios are for
    first, *rest = sys.argv[1:]
    pairs = zip(rest[::2], rest[1::2]) if first == "--pairs" else ((first, scenario) for scenario in rest)
    for definition, scenario in pairs:
        print(json.dumps(run(json.loads(pathlib.Path(definition).read_text(encoding="utf-8")), read(scenario)), default=str), flush=True)


if __name__ == "__main__":
    main()
