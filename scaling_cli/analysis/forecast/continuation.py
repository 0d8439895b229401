"""Targets that continue unfinished runs along their learning-rate schedules."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.forecast.targets import Places, Target
from scaling_cli.analysis.forecast.windows import Points
from scaling_cli.errors import FitError, UsageError


def place_on_runs(targets: Sequence[Target], names: Sequence[str]) -> Places:
    """Steps and learning rates that continue runs; `names` are the runs in the order of their numbers.

    Raises:
        UsageError: A target has no step or rate, or does not say which of several runs it continues.
    """
    if any(not {"step", "lr"} <= set(target.at) for target in targets) or not targets:
        raise UsageError(
            "A law of the learning-rate schedule needs the schedule to come.",
            hint="Give --targets FILE with step and lr, and the run where the log has several.",
        )
    numbers = []
    for target in targets:
        name = names[0] if len(names) == 1 else target.run
        if name not in names:
            raise UsageError(
                f"A target continues run {name!r}, which the log does not have.", hint="Name one of its runs."
            )
        numbers.append(float(names.index(name)))
    columns = {name: np.array([target.at[name] for target in targets]) for name in ("step", "lr")}
    kept = tuple(
        Target({name: target.at[name] for name in columns}, target.observed, run=target.run) for target in targets
    )
    return Places(kept, {**columns, "run": np.array(numbers)}, columns["step"])


def require_drops(points: Points | None, places: Places) -> None:
    """Refuse a schedule to come that falls where none of the runs has fallen.

    Raises:
        FitError: What a lower learning rate does cannot be known from these runs.
    """
    if points is None:
        return
    rates, later = points.columns["lr"], places.columns["lr"]
    has_fallen = any(rates[points.runs == run].min() < 0.99 * rates[points.runs == run].max()
                     for run in np.unique(points.runs))  # fmt: skip
    if not has_fallen and later.min() < 0.99 * rates.max():
        raise FitError(
            "The schedule to come lowers the learning rate, which no run here has done yet.",
            hint="Add a finished run with a decaying schedule, or forecast only while the rate is constant.",
        )
