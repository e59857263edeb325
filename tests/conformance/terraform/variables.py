"""Values for a configuration's variables, so that it can be planned: the first that its type and validation would take."""

import pathlib
import re

import hcl2

# What a variable's name says that its type does not. The first that fits is taken.
BY_NAME = [
    (re.compile(r"arns$"), ["arn:aws:iam::123456789012:role/example"]),
    (re.compile(r"arn$"), "arn:aws:iam::123456789012:role/example"),
    (re.compile(r"account"), "123456789012"),
    (re.compile(r"region"), "eu-west-1"),
    (re.compile(r"email"), "someone@example.com"),
    (re.compile(r"url|endpoint"), "https://example.com"),
    (re.compile(r"subnet_ids$"), ["subnet-0123456789abcdef0"]),
    (re.compile(r"version$"), "1.2.3"),
]
# A condition may name the one value that it accepts.
DEMANDED = re.compile(r'\bvar\.(\w+)\)?\s*==\s*"([^"]*)"')
BY_TYPE = {"string": "example", "number": 1, "bool": True, "any": "example"}


def unquoted(text):
    text = str(text).strip()
    return text[2:-1].strip() if text.startswith("${") else text.strip('"')


def value_of(name, kind):
    for pattern, value in BY_NAME:
        if pattern.search(name) and isinstance(value, list) == kind.startswith(("list", "set")):
            return value
    if kind.startswith(("list", "set")):
        inner = re.match(r"(?:list|set)\(\s*(\w+)", kind)
        return [BY_TYPE.get(inner[1], "example")] if inner and inner[1] in BY_TYPE else []
    if kind.startswith("map"):
        return {}
    return BY_TYPE.get(kind)


def values_for(folder):
    """`{name: value}` for each variable without a default."""
    files = sorted(pathlib.Path(folder).glob("*.tf"))
    demanded = dict(pair for path in files for pair in DEMANDED.findall(path.read_text(encoding="utf-8")))
    values = {}
    for path in files:
        for declared in hcl2.loads(path.read_text(encoding="utf-8")).get("variable", []):
            for name, body in declared.items():
                if "default" not in body:
                    name = unquoted(name)
                    values[name] = demanded.get(name) or value_of(name, unquoted(body.get("type", "string")))
    return values
