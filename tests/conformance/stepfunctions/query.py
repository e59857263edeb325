"""JSONata for moto's interpreter, evaluated in Python, with the functions that Step Functions adds."""

import functools
import hashlib
import json
import random
import re
import uuid

import jsonata
from jsonata.utils import Utils


# Variables by the number under which an expression names them. moto would put them in front of the expression as text, which is slow to read
# again and again and, as text between quotes, not escaped; what stands there instead is a comment with the number.
_bound = []
MARK = re.compile(r"/\* bound (\d+) \*/")


def declarations(bindings):
    """Remembers variables, and gives what stands for them in front of an expression."""
    if not bindings:
        return ""
    _bound.append({name.removeprefix("$"): given(value) for name, value in bindings.items()})
    return f"/* bound {len(_bound) - 1} */"


def forget():
    """A run has ended, and nothing names its variables any more."""
    _bound.clear()


@functools.lru_cache(maxsize=4096)
def program(expression):
    """An expression that has been read, which takes longer than evaluating it."""
    read = jsonata.Jsonata(expression)
    for name, function in FUNCTIONS.items():
        read.register_lambda(name, function)
    return read


def evaluate(expression, now, refusal):
    """The value of an expression; raises `refusal(error, details)` as the interpreter expects it."""
    bindings = {name: value for number in MARK.findall(expression) for name, value in _bound[int(number)].items()}
    try:
        read = program(MARK.sub("", expression))
        # The evaluator would read the machine's clock.
        read.register_lambda("now", lambda: now().isoformat().replace("+00:00", "Z"))
        read.register_lambda("millis", lambda: int(now().timestamp() * 1000))
        return plain(read.evaluate(None, bindings))
    except Exception as error:  # every refusal of the evaluator is one error to a state machine
        raise refusal("States.QueryEvaluationError", str(error)) from error


def given(value):
    """JSON as the evaluator has it: its own null, because `None` is what is not there; copied, because it may change what it is given."""
    if value is None:
        return Utils.NULL_VALUE
    if isinstance(value, list):
        return [given(item) for item in value]
    if isinstance(value, dict):
        return {key: given(item) for key, item in value.items()}
    return value


def plain(value):
    """The evaluator's lists and its null as JSON has them."""
    if value is Utils.NULL_VALUE:
        return None
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def partition(items, size):
    return [items[at : at + int(size)] for at in range(0, len(items), int(size))]


def span(first, last, step):
    return list(range(int(first), int(last) + (1 if step > 0 else -1), int(step)))


def digest(text, algorithm="SHA-256"):
    return hashlib.new(algorithm.replace("-", "").lower(), str(text).encode()).hexdigest()


FUNCTIONS = {
    "partition": partition,
    "range": span,
    "hash": digest,
    "random": lambda seed=0: random.Random(seed).random(),
    "uuid": lambda: str(uuid.UUID(int=0)),
    "parse": json.loads,
}
