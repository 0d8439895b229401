"""What `scaling laws` says about a law, as plain values."""

from __future__ import annotations

from scaling_cli.record import Record
from scaling_cli.results.values import Sentence


class LawParameter(Record):
    """A fitted parameter; `unit` is empty for a pure number."""

    name: str
    unit: str
    meaning: str


class LawQuantity(Record):
    """A quantity that is derived from the parameters."""

    name: str
    meaning: str


class PublishedFit(Record):
    """Parameters that a paper published; `about` names the data and the units."""

    name: str
    about: str
    source: str
    parameters: dict[str, float]


class LawResult(Record):
    """One law: its formula, where it comes from, its inputs and parameters, and the fits that papers published.

    Attributes:
        topics: The topics under which it is listed.
        example: A command that fits it; replace its columns by your own.
        undetermined: Why points at random inputs do not determine its parameters; null where they do.
    """

    name: str
    formula: str
    source: str
    inputs: tuple[str, ...]
    parameters: tuple[LawParameter, ...]
    derived: tuple[LawQuantity, ...]
    published: tuple[PublishedFit, ...]
    topics: tuple[str, ...] = ()
    example: str = ""
    undetermined: str | None = None
    group: dict[str, str] = {}
    sentence: Sentence = ""
