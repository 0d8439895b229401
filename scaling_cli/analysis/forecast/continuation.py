"""Targets that continue unfinished runs along a learning-rate schedule."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.targets import Places, Target
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.errors import FitError, UsageError


def place_on_runs(targets: Sequence[Target], names: Sequence[str]) -> Places:
    """The targets as steps and learning rates that continue runs; `names` are the runs in the order of their numbers.

    Raises:
        UsageError: A target has no step or learning rate, or does not name the run that it continues.
    """
    if any(not {"step", "lr"} <= set(target.at) for target in targets) or not targets:
        raise UsageError(
            "A law of the learning-rate schedule needs the schedule of the rows to forecast.",
            hint="Give --targets FILE with the columns step and lr, and run_id if the log has several runs.",
        )
    numbers = []
    for target in targets:
        name = names[0] if len(names) == 1 else target.run
        if name is None:
            raise UsageError(
                f"The log has {len(names):,} runs, and a target does not name the one that it continues.",
                hint="Give both files a column run_id; in the log of one run, it has the same name in every row.",
            )
        if name not in names:
            raise UsageError(
                f"A target continues run {name!r}, which is not in the log.",
                hint=f"Name one of its runs, such as {names[0]}.",
            )
        numbers.append(float(names.index(name)))
    columns = {name: np.array([target.at[name] for target in targets]) for name in ("step", "lr")}
    kept = tuple(
        Target({name: target.at[name] for name in columns}, target.observed, run=target.run) for target in targets
    )
    return Places(kept, {**columns, "run": np.array(numbers)}, columns["step"])


def require_drops(points: ForecastPoints | None, places: Places) -> None:
    """Refuse a future schedule whose learning rate falls, if no run shows a falling learning rate.

    Raises:
        FitError: The effect of a lower learning rate cannot be estimated from these runs.
    """
    if points is None:
        return
    rates, later = points.columns["lr"], places.columns["lr"]
    has_fallen = any(rates[points.runs == run].min() < 0.99 * rates[points.runs == run].max()
                     for run in np.unique(points.runs))  # fmt: skip
    if not has_fallen and later.min() < 0.99 * rates.max():
        raise FitError(
            "The future schedule lowers the learning rate, but no run here shows what effect that has.",
            hint="Add a finished run with a decaying schedule, or forecast only steps at a constant rate.",
        )
