"""Kinds of value that several results hold, with what the JSON Schema says of each.

A `float` is a number in JSON; one that can be infinite or undefined is a `Number`, which JSON writes as null then.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta


def words(*allowed: str) -> Meta:
    """The only words that a text may be."""
    return Meta(extra_json_schema={"enum": list(allowed)})


def keys(*present: str) -> Meta:
    """Keys that a dictionary always has."""
    return Meta(extra_json_schema={"required": list(present)})


Count: TypeAlias = Annotated[int, Meta(ge=0)]
Number: TypeAlias = Annotated[float, Meta(extra_json_schema={"type": ["number", "null"]})]
Share: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Level: TypeAlias = Annotated[float, Meta(gt=0, lt=1, description="Confidence level of the intervals.")]
GroupValues: TypeAlias = Annotated[
    dict[str, str],
    Meta(description="Values of the --by columns, or the file with --per-file; empty without grouping."),
]
InputColumns: TypeAlias = Annotated[dict[str, str], Meta(description="The column behind each input of the law.")]
Ranges: TypeAlias = Annotated[
    dict[str, tuple[float, float]], Meta(description="Smallest and largest value of each quantity in the data.")
]
Sentence: TypeAlias = Annotated[str, Meta(description="The answer in one plain sentence.")]
Noise: TypeAlias = Annotated[Number, Meta(description="Robust standard deviation of the log residuals.")]
