"""The results of `scaling inference-coverage`: coverage, laws and forecasts of each group, and comparisons."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.coverage import backtest as track
from scaling_cli.analysis.coverage import combined, laws
from scaling_cli.analysis.coverage import verifier as verifiers
from scaling_cli.analysis.coverage.curve import (
    CURVE_POINTS,
    Sampled,
    coverage_doubts,
    coverage_rows,
    default_k,
    drawn_curve,
    sampled,
)
from scaling_cli.analysis.coverage.opponents import check_opponent
from scaling_cli.analysis.coverage.prices import require_costs, require_known_groups
from scaling_cli.analysis.coverage.printed import highest_ends, interval_doubts, printed_fit, printed_forecast
from scaling_cli.analysis.coverage.question import (
    labels_of,
    parse_k,
    prices_of,
    questions_of,
    resampling_of,
    verifier_of,
)
from scaling_cli.analysis.coverage.together import Group, named, with_other_groups
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.counts import Counts, Indices
from scaling_cli.data.names import unknown
from scaling_cli.errors import FitError, ScalingError, UsageError
from scaling_cli.fitting.uncertainty import group_hash
from scaling_cli.options.inference_coverage import InferenceCoverage
from scaling_cli.points.samples import SampleGroup
from scaling_cli.record import Record, replace
from scaling_cli.results.coverage import (
    AssumedVerifier,
    Attempts,
    CoverageResult,
    Forecast,
    Selection,
)
from scaling_cli.results.report import Failure

DEFAULT_REACH = 10  # times the attempts made: how far laws are followed without --to


class Analysis(Record):
    """Results of the groups that could be analysed, caveats, and the failures of the other groups."""

    results: list[CoverageResult]
    caveats: list[Caveat]
    failures: list[Failure]


def analyse(samples: Sequence[SampleGroup], layout: str, ask: InferenceCoverage) -> Analysis:
    """The results of all groups; `layout` is the layout of their log.

    Raises:
        ScalingError: The only group cannot be analysed, or options name groups that do not exist.
    """
    groups, caveats = _groups(samples, ask)
    failures: list[Failure] = []
    names = [group.name for group in groups]
    require_known_groups(ask.prices, names)
    require_costs(questions_of(ask), prices_of(ask), names)
    if ask.compare is not None:
        check_opponent(ask.compare, named(groups))
    if ask.mix is not None and ask.mix not in names:
        raise unknown("group to mix with", ask.mix, names)
    results: list[CoverageResult] = []
    kept: list[tuple[Group, laws.FittedLaws]] = []
    for group in groups:
        try:
            result, fitted, more_caveats = _group_result(group, layout, ask)
        except ScalingError as error:
            if len(groups) == 1 or isinstance(error, UsageError):
                raise
            failures.append(Failure(group.samples.values, error.message, error.hint))
            continue
        results.append(result)
        kept.append((group, fitted))
        caveats += more_caveats
    results, more_caveats = with_other_groups(kept, results, ask)
    return Analysis(results, caveats + more_caveats, failures)


def _groups(samples: Sequence[SampleGroup], ask: InferenceCoverage) -> tuple[list[Group], list[Caveat]]:
    caveats: list[Caveat] = []
    groups: list[Group] = []
    for sample in samples:
        data, more_caveats = sampled(
            sample.counts, sample.first, ask.design, resampling_of(ask, group_hash(sample.values))
        )
        caveats += [replace(doubt, group=sample.label) for doubt in more_caveats]
        groups.append(Group(sample, data))
    return groups, caveats


def _group_result(
    group: Group, layout: str, ask: InferenceCoverage
) -> tuple[CoverageResult, laws.FittedLaws, list[Caveat]]:
    """The part of a result that concerns one group alone, and the laws behind it."""
    data, counts = group.data, group.data.counts
    k = parse_k(ask.k, data.longest) if ask.k is not None else default_k(data.longest)
    if ask.short == "error" and k[-1] > data.longest:
        short = int((counts.n < k[-1]).sum())
        raise FitError(
            f"{short:,} {'problem has' if short == 1 else 'problems have'} fewer attempts than k = {k[-1]:,}.",
            hint="Make more attempts there, or use --short bound or --short drop.",
        )
    rows, _ = coverage_rows(data, k, ask.level, ask.band, ask.short)
    caveats = coverage_doubts(data, rows, ask.short, group.label)
    names = laws.law_names(ask.fit)
    solved = int((counts.c > 0).sum())
    fitted, more_caveats = _fitted(data, names, ask, group, solved)
    fitted = replace(fitted, measured=(data.longest, *highest_ends(rows)))
    fits = laws.describe(fitted, 1, data.longest) if data.longest > 1 else {}
    forecasts, doubts = _forecasts(fitted, names, ask, group)
    record = track.backtest(data, names, is_full=ask.backtest) if fitted else []
    caveats += more_caveats + doubts + laws.ceiling_doubts(fits, group.label)
    caveats += laws.near_ceiling_doubts(fitted, data, group.label)
    caveats += track.record_doubts(record, names, group.label)
    selection, verifier, more_caveats = _selection(group, k, ask)
    result = CoverageResult(
        group=group.samples.values,
        problems=counts.problems,
        attempts=_attempts(group.samples.counts),
        unsolved=counts.problems - solved,
        clusters=counts.clusters if counts.clusters < counts.problems else None,
        design=data.design,
        batch=data.batch,
        layout=layout,
        interval=_interval_name(data, ask),
        level=ask.level,
        coverage=tuple(rows),
        fits={name: printed_fit(fit) for name, fit in fits.items()},
        forecast=tuple(printed_forecast(row, ask.level) for row in forecasts),
        backtest=tuple(record),
        selection=tuple(selection),
        verifier=verifier,
        labels=labels_of(ask),
        curve=drawn_curve(data, ask.level, ask.replicates),
        forecast_curve=combined.drawn_forecast(fitted, names, data.longest, _reach(ask, data), CURVE_POINTS),
    )
    return result, fitted, caveats + more_caveats + interval_doubts(result, (forecasts, fits), group.label)


def _attempts(counts: Counts) -> Attempts:
    return Attempts(int(counts.n.min()), float(np.median(counts.n)), int(counts.n.max()))


def _fitted(
    data: Sampled, names: Sequence[str], ask: InferenceCoverage, group: Group, solved: int
) -> tuple[laws.FittedLaws, list[Caveat]]:
    # If all attempts at each problem agree, one caveat says so; further caveats for each law would add nothing.
    counts = data.counts
    is_deterministic = solved == 0 or np.all((counts.c == 0) | (counts.c == counts.n))
    if is_deterministic or data.longest < 2:
        return laws.FittedLaws({}, {}, ask.level, counts.clusters), []
    return laws.fit_laws(data, names, ask.level, group.label)


def _reach(ask: InferenceCoverage, data: Sampled) -> int:
    return int(ask.to) if ask.to is not None else DEFAULT_REACH * data.longest


def _forecasts(
    fitted: laws.FittedLaws, names: Sequence[str], ask: InferenceCoverage, group: Group
) -> tuple[list[Forecast], list[Caveat]]:
    attempts, end = group.data.longest, _reach(ask, group.data)
    powers = [10**power for power in range(1, 13) if attempts < 10**power < end]
    return combined.forecast(fitted, names, [*powers, end], attempts, force=ask.force, group=group.label)


def _interval_name(data: Sampled, ask: InferenceCoverage) -> str:
    unit = "problems" if data.counts.clusters == data.counts.problems else "clusters"
    how = "product limit" if data.batch is not None else ask.band
    return f"{how}, bootstrap over {unit}, {ask.replicates:,} replicates"


def _require_choice(group: Group, ask: InferenceCoverage) -> None:
    """Refuse a choice between logged attempts where their number or their outcomes do not allow it.

    Raises:
        FitError: Sampling stopped at successes, so the attempts of a problem are not a sample of its attempts.
        UsageError: The outcomes are said to be verdicts, not the truth.
    """
    if group.data.batch is not None:
        raise FitError(
            "Sampling stopped at a success, so the attempts at each problem are too often correct to tell how good a "
            "choice between k of them is.",
            hint="Leave out --verified, --score and --answer; or give --design fixed if sampling did not stop early.",
        )
    if labels_of(ask) == "verifier":
        by = "--labels verifier takes" if ask.labels else "--fpr and --tpr take"
        raise UsageError(
            f"{by} the outcomes for verdicts of a verifier, but --verified, --score and --answer take them for the "
            "truth.",
            hint="Give --labels truth if the outcomes are the truth, or ask for one of them alone.",
        )


def _selection(
    group: Group, k: Indices, ask: InferenceCoverage
) -> tuple[list[Selection], AssumedVerifier | None, list[Caveat]]:
    samples, reached = group.samples, k[k <= group.data.counts.n.min()]
    rows: list[Selection] = []
    if samples.verdicts is not None or samples.scored or samples.voted:
        _require_choice(group, ask)
    if samples.verdicts is not None:
        rows += verifiers.logged_rows(samples.counts, samples.verdicts, reached, ask.level)
    if samples.scored:
        rows += verifiers.scored_rows(samples.counts, samples.scored, reached, ask.level)
    if samples.voted:
        rows += verifiers.voted_rows(samples.counts, samples.voted, reached, ask.level, group.data.resampling)
    verifier = verifier_of(ask)
    if verifier is None:
        return rows, None, []
    try:
        assumed, facts, caveats = verifiers.assumed_rows(group.data.counts, k, verifier, ask.level, group.label)
    except FitError as error:
        doubt = caveat("law-not-fitted", group.label, law="beta-binomial", reason=error.message, hint=error.hint)
        return rows, None, [doubt]
    return rows + assumed, facts, caveats
