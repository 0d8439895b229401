"""The JSON Schema of each command's document, from the types and docstrings of the result classes."""

from __future__ import annotations

import inspect
import re
from typing import Any, TypeAlias

from msgspec.inspect import (
    AnyType,
    BoolType,
    CustomType,
    DictType,
    FloatType,
    IntType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    TupleType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from scaling_cli.document.write import OPTIONAL, schema_name
from scaling_cli.record import Record
from scaling_cli.results.report import Report

Schema: TypeAlias = dict[str, Any]

DIALECT = "https://json-schema.org/draft/2020-12/schema"
DESCRIPTION = (
    "What `scaling {command} --json` writes; with --format jsonl each line is such a document, for one group. Later "
    "versions may add keys; those listed here keep their names and meaning. Null stands for what could not be computed "
    "or has no limit."
)
DRAWING = (
    "What charts need of each result beyond its numbers, such as points and curves, for `scaling show`; not part of "
    "the stable names, and left out with --no-draws and in JSON lines."
)
ENTRY = re.compile(r"^    (\w+(?:, \w+)*): (.*(?:\n {8}.*)*)", re.MULTILINE)  # of `Attributes` in a docstring
NAMES: dict[type[Type], str] = {
    BoolType: "boolean",
    FloatType: "number",
    IntType: "integer",
    NoneType: "null",
    StrType: "string",
}
LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum", "pattern": "pattern"}


def document_schema(command: str, result: type[Record]) -> Schema:
    """The JSON Schema (2020-12) of what `scaling <command> --json` writes, for results of class `result`."""
    name = schema_name(command)
    shared: Schema = {}
    properties = {
        "schema": {"const": name},
        "tool_version": {"type": "string"},
        **_record(Report, shared)["properties"],
        "command": {"const": command},
    }
    properties["results"]["items"] = _value(type_info(result), shared)
    required = list(properties)
    properties["drawing"] = {"description": DRAWING, "type": "array"}
    return {
        "$schema": DIALECT,
        "$id": name,
        "title": f"scaling {command} --json",
        "description": DESCRIPTION.format(command=command),
        "type": "object",
        "properties": properties,
        "required": required,
        "$defs": dict(sorted(shared.items())),
    }


def words_of(schema: Schema) -> dict[str, list[str]]:
    """The only words that keys of a result can have, by key; a key that also holds other text has none."""
    found: dict[str, list[str]] = {}
    free = set()
    for record in schema["$defs"].values():
        for name, value in record["properties"].items():
            if "enum" in value:
                found[name] = list(dict.fromkeys([*found.get(name, []), *filter(None, value["enum"])]))
            elif "string" in value.get("type", ()):
                free.add(name)
    return {name: words for name, words in found.items() if name not in free}


def documented(record: type[Record]) -> tuple[str, dict[str, str]]:
    """A record's docstring, and what its `Attributes` say of each field, on one line and with JSON's null for None."""
    text, _, attributes = inspect.cleandoc(record.__doc__ or "").partition("\n\nAttributes:\n")
    described = {name: _line(entry[2]) for entry in ENTRY.finditer(attributes) for name in entry[1].split(", ")}
    return _line(text), described


def _line(text: str) -> str:
    return re.sub(r"\bNone\b", "null", " ".join(text.split()))


def _record(record: type[Record], shared: Schema) -> Schema:
    """A record as an object; the records in it are put into `shared`, by name."""
    info = type_info(record)
    assert isinstance(info, StructType)
    text, described = documented(record)
    properties = {}
    for field in info.fields:
        if field.name in record.drawn:
            continue
        value = _value(field.type, shared)
        if field.name in record.unwrapped:
            value = {"anyOf": [value["additionalProperties"], value]}
        if field.name in described:
            value = {"description": described[field.name]} | value
        properties[field.name] = value
    required = [name for name in properties if name not in OPTIONAL]
    return {"description": text, "type": "object", "properties": properties, "required": required}


def _value(kind: Type, shared: Schema) -> Schema:
    """What a value of one type may be."""
    match kind:
        case Metadata(type=inner, extra_json_schema=extra):
            return _value(inner, shared) | (extra or {})
        case StructType(cls=record) if issubclass(record, Record):
            if record.__name__ not in shared:
                shared[record.__name__] = _record(record, shared)
            return {"$ref": f"#/$defs/{record.__name__}"}
        case DictType(value_type=inner):
            return {"type": "object", "additionalProperties": _value(inner, shared)}
        case VarTupleType(item_type=inner):
            return {"type": "array", "items": _value(inner, shared)}
        case TupleType(item_types=inners):
            items = [_value(inner, shared) for inner in inners]
            return {"type": "array", "prefixItems": items, "items": False, "minItems": len(items)}
        case UnionType(types=inners):
            return _either([_value(inner, shared) for inner in inners])
        case AnyType() | CustomType():
            return {}
    limits = {LIMITS[name]: getattr(kind, name) for name in LIMITS if getattr(kind, name, None) is not None}
    return {"type": NAMES[type(kind)], **limits}


def _either(choices: list[Schema]) -> Schema:
    """One of several values; null next to a simple value becomes part of its type."""
    first, *others = choices
    if others != [{"type": "null"}] or "$ref" in first:
        return {"anyOf": choices}
    words = {"enum": [*first["enum"], None]} if "enum" in first else {}
    kinds = first["type"] if isinstance(first["type"], list) else [first["type"]]
    return first | {"type": list(dict.fromkeys([*kinds, "null"]))} | words
