"""Forecasts by fits in place of runs: saved, published, or joint fits of several groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scaling_cli.options.extrapolate import Extrapolate, Recipe
from scaling_cli.options.fitting import INTERVAL, Held, Started
from scaling_cli.options.reading import OF_TARGETS, Reading
from scaling_cli.record import replace
from scaling_cli.results.forecast import Extrapolation
from scaling_cli.results.report import Report, Source
from scaling_cli.sentences import with_sentences
from scaling_cli.verbs.asked_targets import inputs_saved, question
from scaling_cli.verbs.common import guess_doubts, merged, refuse_refitting, refuse_with_published, settings_of

if TYPE_CHECKING:
    from scaling_cli.analysis.forecast.evidence import Method
    from scaling_cli.analysis.forecast.question import ForecastQuestion
    from scaling_cli.document.saved_fit import SavedFit
    from scaling_cli.jobs import Progress
    from scaling_cli.verbs.common import SavedFile


def extrapolated_saved(
    file: SavedFile, fits: Sequence[SavedFit], asked: Extrapolate, ask: ForecastQuestion, method: Method
) -> Report[Extrapolation]:
    """Forecasts from a saved fit, for each of its groups."""
    from scaling_cli.data.files.digest import content_hash
    from scaling_cli.document.read import read_failures

    method.check_saved(ask)
    read = {name: asked.options[name].default for name in OF_TARGETS} if asked.targets is not None else {}
    refuse_refitting(file, asked.but(**read), (Held, Started, Recipe, Reading), INTERVAL)
    report = by_fits(fits, asked, ask, method, Source(file.name, content_hash(str(file.path)), len(fits)))
    return replace(report, failures=read_failures(file.path, file.name))


def by_fits(
    fits: Sequence[SavedFit], asked: Extrapolate, ask: ForecastQuestion, method: Method, source: Source | None
) -> Report[Extrapolation]:
    """Forecasts of fits in place of runs."""
    from scaling_cli.analysis.forecast.answer import extrapolate as answer
    from scaling_cli.analysis.forecast.evidence import saved_evidence
    from scaling_cli.analysis.score_units import unit_of

    ask = ask.of_groups([saved.group for saved in fits])
    results, caveats = [], []
    for saved in fits:
        if not ask.concerns(saved.group):
            continue
        evidence, doubts = saved_evidence(saved, method)
        result, found = answer(evidence, ask)
        results.append(result)
        caveats += [*doubts, *found]
    names = {saved.column for saved in fits}
    units = {unit_of(saved.column, saved.loss_unit) for saved in fits} - {None, "nats"}
    unit = {"loss_unit": units.pop()} if len(units) == 1 else {}
    return Report(
        command="extrapolate",
        inputs=(source,) if source is not None else (),
        columns={},
        options=asked.but(estimator="describe").recorded() | unit,
        results=with_sentences("extrapolate", results, {"loss": names.pop() or "loss"} if len(names) == 1 else {}),
        caveats=merged(caveats),
    )


def by_published(asked: Extrapolate, on_progress: Progress | None) -> Report[Extrapolation]:
    """Forecasts of a published fit, which stands in place of runs."""
    from scaling_cli.analysis.forecast.evidence import Method
    from scaling_cli.analysis.forecast.suite import suite_of
    from scaling_cli.document.published import published_fit

    suite = suite_of(asked)
    refuse_with_published(asked.law, asked, (Held, Started, Recipe, Reading), INTERVAL)
    fit = published_fit(asked.law, level=asked.level, seed=asked.seed)
    alone = asked.but(law="auto")
    method, ask = Method(alone, settings_of(alone, on_progress)), question(alone, suite, inputs_saved([fit]))
    method.check_saved(ask)
    report = by_fits([fit], alone, ask, method, None)
    caveats = (*report.caveats, *guess_doubts(asked.law))
    return replace(report, options=asked.but(estimator="describe").recorded(), caveats=caveats)
