"""A judge of state machines that knows the AWS APIs: does each called operation exist, with these arguments, and each named error?

Only what stands in the definition is judged here; arguments that are computed are judged when run.py executes the machine.
Also holds the rules of the service that asl-validator does not know (a wildcard error stands alone; budgets).
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lib.verdict import judge_files
from stepfunctions.aws import NO_OPERATION, Resource, pascal, unknown_error

LONGEST_DEFINITION = 1024 * 1024
LONGEST_NAME = 80
# What one service or another calls it when it is asked too often.
THROTTLING = {"LimitExceededException", "RequestLimitExceededException", "ThrottlingException", "TooManyRequestsException"}


def machines(definition):
    """The machine itself and every branch and item processor inside it."""
    yield definition
    for state in definition.get("States", {}).values():
        for inner in [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor"), state.get("Iterator")])]:
            yield from machines(inner)


def is_computed(value):
    return isinstance(value, str) and value.lstrip().startswith("{%")


def argument_complaints(arguments, shape, place, free):
    """Unknown and missing names, as deep as the definition spells them out."""
    if is_computed(arguments) or arguments is None:
        return
    if shape.type_name == "structure" and isinstance(arguments, dict):
        members = {name: inner for member, inner in shape.members.items() for name in (pascal(member), member) if name[:1].isupper()}
        for name, value in arguments.items():
            bare = name.removesuffix(".$")
            if bare not in members:
                yield f"{place} has no argument `{bare}`"
            elif bare not in free and name == bare:
                yield from argument_complaints(value, members[bare], f"{place}.{bare}", free)
        given = {name.removesuffix(".$").lower() for name in arguments}
        yield from (f"{place} needs `{pascal(name)}`" for name in shape.required_members if name.lower() not in given and pascal(name).lower() not in given)
    elif shape.type_name == "list" and isinstance(arguments, list):
        for item in arguments:
            yield from argument_complaints(item, shape.member, place, free)
    elif shape.type_name in ("string", "integer", "long", "boolean", "structure", "list") and not fits(arguments, shape.type_name):
        yield f"{place} is a {shape.type_name}, not {json.dumps(arguments)[:60]}"


def fits(value, kind):
    wanted = {"string": str, "integer": int, "long": int, "boolean": bool, "structure": dict, "list": list}[kind]
    return isinstance(value, wanted) and (kind == "boolean" or not isinstance(value, bool))


def task_complaints(state):
    try:
        resource = Resource(state["Resource"])
        operation = resource.operation()
    except LookupError as error:
        yield str(error)
        return
    arguments = state.get("Arguments", state.get("Parameters", {}))
    if operation is not None and operation.input_shape is not None:
        free = frozenset() if resource.sdk else {"Message", "MessageBody", "Payload", "Input", "Detail"}
        yield from argument_complaints(arguments, operation.input_shape, resource.name, free)
    elif operation is None and not is_computed(arguments):
        known, needed = NO_OPERATION[(resource.service, resource.action)]
        given = {name.removesuffix(".$") for name in arguments}
        yield from (f"{resource.name} has no argument `{name}`" for name in sorted(given - known))
        yield from (f"{resource.name} needs `{name}`" for name in sorted(needed - given))
    if resource.wait == "waitForTaskToken" and "Task.Token" not in json.dumps(arguments):
        yield f"{resource.name} waits for a token that it gives to nobody"
    for rule in [*state.get("Retry", []), *state.get("Catch", [])]:
        wrong = {name: why for name in rule["ErrorEquals"] if (why := unknown_error(resource, name))}
        # A list of throttling errors may name more than this service has, as long as it names one that can occur.
        harmless = len(wrong) < len(rule["ErrorEquals"])
        yield from (why for name, why in wrong.items() if not (harmless and name.partition(".")[2] in THROTTLING))


def error_rules(state):
    """States.ALL and States.TaskFailed are wildcards with rules of their own."""
    for field in ("Retry", "Catch"):
        rules = state.get(field, [])
        for number, rule in enumerate(rules):
            if "States.ALL" not in rule["ErrorEquals"]:
                continue
            if len(rule["ErrorEquals"]) > 1:
                yield f"{field}: States.ALL must stand alone"
            if number + 1 < len(rules):
                yield f"{field}: States.ALL must stand last"


def judge(path):
    text = pathlib.Path(path).read_text(encoding="utf-8")
    messages = []
    if len(text.encode()) > LONGEST_DEFINITION:
        messages.append(f"the definition has {len(text.encode())} bytes; the service takes {LONGEST_DEFINITION}")
    for machine in machines(json.loads(text)):
        for name, state in machine.get("States", {}).items():
            found = list(error_rules(state))
            if state.get("Type") == "Task":
                found += task_complaints(state)
            if len(name) > LONGEST_NAME:
                found.append(f"the name is longer than {LONGEST_NAME} characters")
            messages += [f"state `{name}`: {text}" for text in found]
    return messages


if __name__ == "__main__":
    judge_files(judge)
