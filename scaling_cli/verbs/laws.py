"""`scaling laws` as a function."""

from __future__ import annotations

from collections.abc import Sequence

from scaling_cli.laws import HOMES, LAWS, Law, find_law, is_formula
from scaling_cli.laws.topics import TOPICS, example_of, found_by, topics_of
from scaling_cli.options.laws import Laws
from scaling_cli.results.laws import LawParameter, LawQuantity, LawResult, PublishedFit
from scaling_cli.results.report import Report
from scaling_cli.sentences import with_sentences


def laws(name: str | None, asked: Laws) -> Report[LawResult]:
    """The laws that can be fitted, with formulas, parameters, sources and published fits.

    Args:
        name: The law to explain, or words to search for; None for all laws.

    Raises:
        UsageError: No law has this name, and none contains these words.
    """
    every = tuple(law for law in LAWS if asked.topic is None or law.name in TOPICS[asked.topic])
    chosen = every if name is None else _found(name, every)
    results = tuple(map(_described, chosen))
    if name is not None and len(results) == 1:  # a list needs none
        results = with_sentences("laws", results, {})
    return Report("laws", (), {}, {"name": name, **asked.recorded()}, results)


def _found(name: str, laws: Sequence[Law]) -> tuple[Law, ...]:
    if name in HOMES or is_formula(name):
        return (find_law(name),)
    found = found_by(name, laws)
    return found or (find_law(name),)  # which says that there is none, and what is near


def _described(law: Law) -> LawResult:
    return LawResult(
        name=law.name,
        formula=law.formula,
        source=law.source,
        inputs=law.inputs,
        topics=topics_of(law.name),
        example=example_of(law),
        parameters=tuple(
            LawParameter(parameter.name, parameter.unit, parameter.meaning) for parameter in law.parameters
        ),
        derived=tuple(LawQuantity(quantity.name, quantity.meaning) for quantity in law.derived),
        undetermined=law.undetermined or None,
        published=tuple(PublishedFit(fit.name, fit.about, fit.source, dict(fit.parameters)) for fit in law.published),
    )
