"""`scaling laws` as a function."""

from __future__ import annotations

from scaling_cli.laws import LAWS, Law, find_law
from scaling_cli.options.laws import Laws
from scaling_cli.results.laws import LawParameter, LawQuantity, LawResult, PublishedFit
from scaling_cli.results.report import Report
from scaling_cli.sentences import with_sentences


def laws(name: str | None, asked: Laws) -> Report[LawResult]:
    """The laws that can be fitted, or only the one called `name`.

    Raises:
        UsageError: No law has this name.
    """
    chosen = LAWS if name is None else (find_law(name),)
    results = tuple(map(_described, chosen))
    if name is not None:  # a list needs none
        results = with_sentences("laws", results, {})
    return Report("laws", (), {}, {"name": name, **asked.recorded()}, results)


def _described(law: Law) -> LawResult:
    return LawResult(
        name=law.name,
        formula=law.formula,
        source=law.source,
        inputs=law.inputs,
        parameters=tuple(
            LawParameter(parameter.name, parameter.unit, parameter.meaning) for parameter in law.parameters
        ),
        derived=tuple(LawQuantity(quantity.name, quantity.meaning) for quantity in law.derived),
        undetermined=law.undetermined or None,
        published=tuple(PublishedFit(fit.name, fit.about, fit.source, dict(fit.parameters)) for fit in law.published),
    )
