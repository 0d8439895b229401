"""Fits of the steps that runs take to reach given losses, which are read from their curves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from scaling_cli.data.runs.load import load_runs
from scaling_cli.data.runs.table import label_of
from scaling_cli.options.fit import Fit
from scaling_cli.options.reading import Reading
from scaling_cli.points.choose import columns_of
from scaling_cli.points.reached import STEPS, TARGET, steps_to
from scaling_cli.record import replace
from scaling_cli.results.fit import FitResult
from scaling_cli.results.report import Report

if TYPE_CHECKING:
    from scaling_cli.verbs.common import Runs

OF_LOSSES = ("not-a-loss", "large-loss", "loss-unit", "mid-schedule")  # caveats about losses of single rows


def fit_steps(runs: Runs, asked: Fit, fit: Callable[..., Report[FitResult]]) -> Report[FitResult]:
    """One fit for each loss of `--steps-to`, by the steps at which the curves of the runs reach it.

    Args:
        runs: Files, or a table, with a row for each step of a run.
        asked: How to read the curves, and how to fit.
        fit: Fits a law to a table.
    """
    keep, maybe = columns_of(asked.law, asked.x)
    own = tuple(name for name in (asked.weight, asked.leave_out) if name is not None)
    table = load_runs(runs, asked.but(checkpoints="all"), keep=(*keep, *own), maybe=maybe)
    labels = {label: name for name in asked.by if (label := label_of(table.frame, name)) != name}
    reached, doubts = steps_to(table.frame.rename(labels), tuple(dict.fromkeys(asked.steps_to)))
    plain = {name: option.default for name, option in Reading.options.items()}
    asked_of_steps = asked.but(**plain, steps_to=())
    report = fit(reached, asked_of_steps.but(loss=(STEPS,), by=(TARGET, *asked.by), loss_unit="other"))
    columns = {**table.columns, "loss": STEPS}
    caveats = [found for found in (*table.caveats, *report.caveats) if found.code not in OF_LOSSES]
    return replace(report, inputs=table.sources, columns=columns, options=asked.recorded(), caveats=(*doubts, *caveats))
