"""Checks that every example of docs/rest-api.yml fits its schema; prints what does not."""

import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "rest-api.yml"
NAME = "urn:rest-api"


def absolute(value):
    """Returns the same with references that lead into the document from anywhere."""
    if isinstance(value, dict):
        return {key: f"{NAME}{inner}" if key == "$ref" else absolute(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [absolute(inner) for inner in value]
    return value


def examples(value, place=""):
    """Yields where an example stands, the example, and its schema."""
    if isinstance(value, dict):
        if "schema" in value and "example" in value:
            yield place, value["example"], value["schema"]
        if "schema" in value:
            for name, example in value.get("examples", {}).items():
                yield f"{place}/{name}", example["value"], value["schema"]
        for key, inner in value.items():
            yield from examples(inner, f"{place}/{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from examples(inner, place)


def main() -> int:
    document = absolute(yaml.safe_load(DOCUMENT.read_text()))
    registry = Registry().with_resource(NAME, Resource(contents=document, specification=DRAFT202012))
    count, wrong = 0, 0
    for place, example, schema in examples(document):
        count += 1
        for fault in Draft202012Validator(schema, registry=registry, format_checker=FormatChecker()).iter_errors(example):
            wrong += 1
            print(f"{place}: {fault.message}")
    print(f"{count} examples, {wrong} faults")
    return 1 if wrong or not count else 0


sys.exit(main())
