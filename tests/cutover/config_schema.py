"""Holds TOML files against a JSON schema: config_schema.py SCHEMA FILE…; prints a JSON list, "" for a file that passes."""

import json
import sys
import tomllib

import jsonschema


def defaults(schema):
    """Each schema in it that has a default, for the default is to pass it too."""
    if "default" in schema:
        yield schema
    for inner in schema.get("properties", {}).values():
        yield from defaults(inner)
    if "items" in schema:
        yield from defaults(schema["items"])


def said_of(validator, path):
    with open(path, "rb") as file:
        error = jsonschema.exceptions.best_match(validator.iter_errors(tomllib.load(file)))
    return "" if error is None else f"{'.'.join(map(str, error.absolute_path))}: {error.message}"


with open(sys.argv[1], encoding="utf-8") as text:
    wanted = json.load(text)
kind = jsonschema.validators.validator_for(wanted)
kind.check_schema(wanted)
for schema in defaults(wanted):
    kind(schema).validate(schema["default"])
print(json.dumps([said_of(kind(wanted), path) for path in sys.argv[2:]]))
