"""PyYAML reads YAML files and prints what it saw as JSON, one line per file, for the harness to compare with our own reader.

PyYAML reads YAML 1.1, our own reader YAML 1.2: a scalar that means two things (`yes`, `12:30`, `010`, a date) shows as a difference.
"""

import json
import pathlib
import sys

import yaml


def plain(value):
    """The value as JSON can hold it; what JSON has no word for (a date) keeps its type's name and so equals nothing else."""
    if isinstance(value, dict):
        return {key_text(key): plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return f"{type(value).__name__} {value}"


def key_text(key):
    # YAML 1.1 reads a bare `on` as true. Every workflow in the world writes it bare, so this one difference is known and harmless.
    return "on" if key is True else key if isinstance(key, str) else f"{type(key).__name__} {key}"


for path in sys.argv[1:]:
    try:
        seen = {"value": plain(yaml.safe_load(pathlib.Path(path).read_text(encoding="utf-8")))}
    except yaml.YAMLError as error:
        seen = {"error": str(error)}
    print(json.dumps({"file": path} | seen))
