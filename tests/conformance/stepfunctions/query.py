"""JSONata for moto's interpreter, evaluated in Python, with the functions that Step Functions adds."""

import hashlib
import json
import random
import uuid

import jsonata
from jsonata.utils import Utils


def declarations(bindings):
    """Variables as JSONata assignments in front of an expression. (moto puts text between quotes without escaping it.)"""
    return "".join(f"{name}:={json.dumps(value)};" for name, value in bindings.items())


def evaluate(expression, now, refusal):
    """The value of an expression; raises `refusal(error, details)` as the interpreter expects it."""
    try:
        program = jsonata.Jsonata(expression)
        for name, function in FUNCTIONS.items():
            program.register_lambda(name, function)
        # The evaluator would read the machine's clock.
        program.register_lambda("now", lambda: now().isoformat().replace("+00:00", "Z"))
        program.register_lambda("millis", lambda: int(now().timestamp() * 1000))
        return plain(program.evaluate(None))
    except Exception as error:  # every refusal of the evaluator is one error to a state machine
        raise refusal("States.QueryEvaluationError", str(error)) from error


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
