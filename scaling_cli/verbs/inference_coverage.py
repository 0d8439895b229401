"""`scaling inference-coverage` as a function."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.options.inference_coverage import InferenceCoverage
from scaling_cli.record import replace
from scaling_cli.results.coverage import CoverageResult
from scaling_cli.results.report import Report
from scaling_cli.sentences import with_sentences
from scaling_cli.verbs.common import labelled, merged, unread

if TYPE_CHECKING:
    from scaling_cli.analysis.coverage.answer import Analysis
    from scaling_cli.analysis.coverage.verifications import Splits
    from scaling_cli.verbs.common import Runs


def inference_coverage(
    logs: Runs, asked: InferenceCoverage, *, label: Mapping[str, str] | None = None
) -> Report[CoverageResult]:
    """Coverage (pass@k) from logs of repeated sampling, one result per group: estimates, laws, forecasts, budgets.

    Args:
        logs: Files, or a table (polars, pandas, Arrow or a dict of columns) with one row per attempt or problem.
        asked: What to estimate, and which rows and columns to read.
        label: A name for all of these logs, as for `fit`.

    Raises:
        UsageError: The options do not fit together or name what does not exist.
        DataError: The files cannot be read, or their layout is not known.
        FitError: There is one group, and it cannot be analysed.
    """
    from scaling_cli.analysis.coverage.question import check_question

    check_question(asked)
    empty: Report[CoverageResult] = Report("inference-coverage", (), {}, asked.recorded(), ())
    with one_blas_thread():
        return labelled(lambda: _covered(logs, asked, empty), label, empty)


def _covered(logs: Runs, asked: InferenceCoverage, empty: Report[CoverageResult]) -> Report[CoverageResult]:
    """The report, from one that knows only what was asked."""
    from scaling_cli.data.samples.load import load_samples

    if asked.splits_verifications:
        from scaling_cli.analysis.coverage.verifications import split_between
        from scaling_cli.data.samples.verifications import read_verifications

        table = load_samples(logs, asked, read_verifications)
        found: Analysis | Splits = split_between(table, asked)
    else:
        from scaling_cli.analysis.coverage.answer import analyse
        from scaling_cli.points.samples import sample_groups

        table = load_samples(logs, asked)
        found = analyse(sample_groups(table, asked.by), table.layout, asked)
    return replace(
        empty,
        inputs=table.sources,
        columns=table.columns,
        results=with_sentences("inference-coverage", found.results, table.columns),
        caveats=merged([*table.caveats, *found.caveats]),
        failures=(*unread(table), *found.failures),
    )
