"""Schemas come from the result classes, and say what the documents hold."""

from __future__ import annotations

import json
from typing import Annotated, Any

import jsonschema
import pytest
from msgspec import Meta
from msgspec.inspect import StructType, multi_type_info

from scaling_cli.document import schema
from scaling_cli.document.schema import documented, words_of
from scaling_cli.document.write import to_json
from scaling_cli.options.commands import LIBRARY
from scaling_cli.options.extrapolate import ESTIMATORS
from scaling_cli.options.fit import Fit
from scaling_cli.options.fitting import INTERVALS, OBJECTIVES, PRIORS, SPACES
from scaling_cli.options.inference_coverage import POLICIES
from scaling_cli.options.optimal_allocation import APPROACHES, PROFILES
from scaling_cli.record import Record
from scaling_cli.results.report import Report
from scaling_cli.verbs.schema import result_of, schema_of
from tests.factories import chinchilla_result, report


def records(*roots):
    """Every record that is reached from some types, in no order."""
    found, left = set(), list(multi_type_info(roots))
    while left:
        match left.pop():
            case StructType(cls=cls, fields=fields) if cls not in found:
                found.add(cls)
                left += [field.type for field in fields if field.name not in cls.drawn]
            case kind:
                for name in ("type", "types", "item_type", "item_types", "value_type"):
                    inner = getattr(kind, name, ())
                    left += inner if isinstance(inner, tuple) else [inner]
    return found


@pytest.mark.parametrize("command", LIBRARY.values())
def test_schemas_are_valid_and_each_name_in_them_means_one_record(command):
    described = schema_of(command)
    jsonschema.Draft202012Validator.check_schema(described)
    assert described["properties"]["schema"]["const"] == described["$id"] == f"scaling.{command}/1"
    reached = records(Report, result_of(command)) - {Report}
    assert sorted(record.__name__ for record in reached) == sorted(described["$defs"])


def test_docstrings_describe_fields_that_exist():
    for record in records(Report, *map(result_of, LIBRARY.values())):
        text, described = documented(record)
        assert text
        assert described.keys() <= set(record.__struct_fields__), record


def test_attributes_of_a_docstring_become_descriptions():
    result = schema_of("fit")["$defs"]["FitResult"]
    assert result["description"] == "One law fitted to one group of runs."
    assert result["properties"]["draws"]["description"].endswith(
        "in the order of `parameters`; null without replicates."
    )
    candidate = schema_of("fit")["$defs"]["Candidate"]["properties"]
    assert candidate["aicc"] == candidate["bic"]


def test_a_schema_lists_every_key_of_a_document_and_requires_all_but_draws():
    document = json.loads(to_json(report(chinchilla_result())))
    described = schema_of("fit")
    assert set(document) == set(described["properties"]) == {*described["required"], "drawing"}
    result = described["$defs"]["FitResult"]
    assert set(document["results"][0]) == set(result["properties"]) == {*result["required"], "draws"}


def test_a_schema_refuses_what_is_not_a_result():
    document = json.loads(to_json(report(chinchilla_result())))
    validator = jsonschema.Draft202012Validator(schema_of("fit"))
    assert validator.is_valid(document)
    for change in ({"law": None}, {"runs": -1}, {"parameters": {"E": 1.0}}, {"ranges": {"params": [1.0]}}):
        assert not validator.is_valid(document | {"results": [document["results"][0] | change]}), change


def words(command, record, field):
    return set(schema_of(command)["$defs"][record]["properties"][field]["enum"])


def test_closed_lists_of_words_are_those_of_the_options():
    assert words("fit", "ObjectiveValue", "name") == set(Fit.objective.choices)
    assert set(Fit.objective.choices) == {*OBJECTIVES, "binomial"}
    assert words("fit", "ObjectiveValue", "space") == {*SPACES, "binomial"}
    assert words("fit", "ObjectiveValue", "prior") == set(PRIORS)
    assert words("fit", "IntervalMethod", "method") == {*INTERVALS, "draws"}
    assert words("extrapolate", "Extrapolation", "estimator") == set(ESTIMATORS)
    assert words("extrapolate", "Prediction", "estimator") == {*ESTIMATORS, "inside"}
    assert words("optimal-allocation", "Allocation", "approach") == {*APPROACHES} - {"all"}
    assert words("optimal-allocation", "AllocationResult", "profile") == {*PROFILES, None}
    assert words("inference-coverage", "Purchase", "policy") == set(POLICIES)


class Inner(Record):
    """An inner record, with None where nothing is known."""

    share: Annotated[float, Meta(ge=0, le=1)]


class Outer(Record):
    """An outer record.

    Attributes:
        first, second: Two numbers
            on two lines, or None.
        word: A word.
    """

    drawn = ("curve",)
    unwrapped = ("by_name",)

    first: int
    second: float | None
    word: Annotated[str, Meta(extra_json_schema={"enum": ["a", "b"]})] | None
    by_name: dict[str, Inner]
    pair: tuple[float, str]
    rows: tuple[Inner, ...]
    either: Inner | None
    curve: tuple[float, ...]
    any_: Any
    draws: tuple[float, ...] | None = None
    flag: bool = True


def test_every_kind_of_field_has_its_schema():
    shared = {}
    made = schema._record(Outer, shared)
    inner = {"$ref": "#/$defs/Inner"}
    assert made["description"] == "An outer record."
    assert made["required"] == ["first", "second", "word", "by_name", "pair", "rows", "either", "any_", "flag"]
    described = "Two numbers on two lines, or null."
    assert made["properties"] == {
        "first": {"description": described, "type": "integer"},
        "second": {"description": described, "type": ["number", "null"]},
        "word": {"description": "A word.", "type": ["string", "null"], "enum": ["a", "b", None]},
        "by_name": {"anyOf": [inner, {"type": "object", "additionalProperties": inner}]},
        "pair": {
            "type": "array", "prefixItems": [{"type": "number"}, {"type": "string"}], "items": False, "minItems": 2,
        },
        "rows": {"type": "array", "items": inner},
        "either": {"anyOf": [inner, {"type": "null"}]},
        "any_": {},
        "draws": {"type": ["array", "null"], "items": {"type": "number"}},
        "flag": {"type": "boolean"},
    }  # fmt: skip
    assert shared["Inner"]["properties"] == {"share": {"type": "number", "minimum": 0, "maximum": 1}}
    assert shared["Inner"]["description"] == "An inner record, with null where nothing is known."


def test_the_words_of_a_key_are_those_of_all_records_unless_one_holds_any_text():
    records = {
        "A": {"method": {"enum": ["t", "wild"]}, "name": {"enum": ["x"]}, "count": {"type": "integer"}},
        "B": {"method": {"enum": ["wild", None, "none"]}, "name": {"type": ["string", "null"]}},
    }
    schema = {"$defs": {name: {"properties": properties} for name, properties in records.items()}}
    assert words_of(schema) == {"method": ["t", "wild", "none"]}
