"""Splits of a budget by fits in place of runs: saved, published, or joint fits of several groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scaling_cli.errors import UsageError
from scaling_cli.flops import SIX_ND
from scaling_cli.options.fit import Fit, Share
from scaling_cli.options.fitting import INTERVAL, Held, Law, Objective, Prior, Weights
from scaling_cli.options.optimal_allocation import OptimalAllocation
from scaling_cli.options.reading import Reading
from scaling_cli.record import replace
from scaling_cli.results.allocation import AllocationResult
from scaling_cli.results.fit import IntervalMethod
from scaling_cli.results.report import Report, Source
from scaling_cli.sentences import with_sentences
from scaling_cli.verbs.common import merged, refuse_refitting

if TYPE_CHECKING:
    from scaling_cli.caveats import Caveat
    from scaling_cli.document.saved_fit import SavedFit
    from scaling_cli.jobs import Progress
    from scaling_cli.verbs.common import Runs, SavedFile


def splits_saved(file: SavedFile, asked: OptimalAllocation) -> Report[AllocationResult]:
    """Splits from a saved fit, for each of its groups."""
    from scaling_cli.data.files.digest import content_hash
    from scaling_cli.document.read import read_failures, read_fits

    refuse_refitting(
        file, asked.but(flops_rule=SIX_ND), (Law, Share, Held, Objective, Weights, Prior, Reading), INTERVAL
    )
    fits = read_fits(file.path, file.name)
    report = splits_by_fits(fits, asked, Source(file.name, content_hash(str(file.path)), len(fits)))
    return replace(report, failures=read_failures(file.path, file.name))


def splits_together(
    runs: Runs, asked: OptimalAllocation, on_progress: Progress | None = None
) -> Report[AllocationResult]:
    """Splits of each group, or a choice between groups that are pools of data, from one fit that all groups share.

    Raises:
        UsageError: An approach is asked for that fits no law, or the parameters cannot be shared.
    """
    from scaling_cli.analysis.allocation.pools import LAW, check_pools
    from scaling_cli.document.levels import by_level, saved_from
    from scaling_cli.verbs.fit import fit

    if asked.approach != "parametric":
        raise UsageError(
            f"--share cannot be combined with --approach {asked.approach}, which does not fit one law to all groups.",
            hint="Leave --share out, or use --approach parametric.",
        )
    if asked.law == LAW:
        check_pools(asked)
    given = {name: getattr(asked, name) for name in Fit.options if name in asked.options}
    given["law"] = "chinchilla" if asked.law == "auto" else asked.law  # as without --share
    joint = fit(runs, Fit().but(**given), on_progress=on_progress)
    fits = [each for result in joint.results for each in by_level(saved_from(result))]
    report = splits_by_fits(fits, asked, None, is_saved=False)
    (result,) = joint.results
    return replace(
        report,
        inputs=joint.inputs,
        columns=joint.columns,
        results=with_sentences(
            "optimal-allocation",
            [
                replace(each, runs=result.runs, points=result.points, interval=result.interval)
                for each in report.results
            ],
            joint.columns,
        ),
        caveats=merged([*joint.caveats, *report.caveats]),
        failures=joint.failures,
    )


def splits_by_fits(
    fits: Sequence[SavedFit], asked: OptimalAllocation, source: Source | None, *, is_saved: bool = True
) -> Report[AllocationResult]:
    """Splits from fits in place of runs, or from fits that were made just now, by the rule of the budgets."""
    from scaling_cli.analysis.allocation.pools import is_of_pools

    if is_of_pools(fits):
        results, caveats = _pools(fits, asked, source)
    else:
        results, caveats = _each(fits, asked, source, is_saved=is_saved)
    return Report(
        command="optimal-allocation",
        inputs=(source,) if source is not None else (),
        columns={},
        options=asked.recorded(),
        results=with_sentences("optimal-allocation", results, {}),
        caveats=merged(caveats),
    )


def _each(
    fits: Sequence[SavedFit], asked: OptimalAllocation, source: Source | None, *, is_saved: bool
) -> tuple[list[AllocationResult], list[Caveat]]:
    from scaling_cli.analysis.allocation.answer import allocate_saved
    from scaling_cli.analysis.allocation.evidence import saved_law
    from scaling_cli.analysis.allocation.question import saved_plan
    from scaling_cli.analysis.allocation.recipes import with_recipes

    results, caveats = [], []
    for saved in fits:
        plan, doubts = saved_plan(asked, saved)
        how = _how(saved, asked, source)
        law = saved_law(saved, is_saved=is_saved)
        result, found = allocate_saved(law, saved.group, how, plan, with_gap=asked.explain_gap)
        results.append(with_recipes(result, asked))
        caveats += [*saved.known, *found, *doubts]
    return results, caveats


def _pools(
    fits: Sequence[SavedFit], asked: OptimalAllocation, source: Source | None
) -> tuple[list[AllocationResult], list[Caveat]]:
    from scaling_cli.analysis.allocation.pools import pools_answer

    result, found = pools_answer(fits, asked, _how(fits[0], asked, source))
    return [result], [*(known for fit in fits for known in fit.known), *found]


def _how(saved: SavedFit, asked: OptimalAllocation, source: Source | None) -> IntervalMethod:
    """How the intervals of a fit were made."""
    if not saved.draws:
        return IntervalMethod("none", asked.level, 0, None)
    return IntervalMethod(saved.resampling or "draws", asked.level, len(saved.draws), None if source is None else "run")
