"""Forecast the end of a run again whenever its log grows, until it cannot beat a loss any more."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from scaling_cli.cli.verdict import PARTLY
from scaling_cli.data.files.companions import companions
from scaling_cli.errors import DataError, FitError, ScalingError, UsageError
from scaling_cli.laws import find_law, is_formula
from scaling_cli.numbers.format import escape, figure, group_name
from scaling_cli.options.watch import Watching
from scaling_cli.results.forecast import Extrapolation, Prediction
from scaling_cli.results.report import Report

UNCHANGED = 40  # looks at a log that does not grow, after which it is taken to have ended
SCHEDULED = "annealing"  # the law that is taken where none is named

Deliver = Callable[[Report[Any]], int]


def scheduled(asked: Any) -> Any:
    """The options with a law of the learning-rate schedule, which alone knows the end of a run.

    Raises:
        UsageError: Another law is asked for, or the future schedule is not given.
    """
    law = SCHEDULED if asked.law == "auto" else asked.law
    if is_formula(law) or not find_law(law).is_curve:
        raise UsageError(
            f"--law {law} does not know the learning-rate schedule, so it cannot forecast the end of a run under way.",
            hint="Use --law annealing or --law multi-power-schedule; the log needs the learning rate of each step.",
        )
    if asked.targets is None:
        raise UsageError(
            "The end of the run depends on its schedule, which is not given.",
            hint="Give --targets FILE with the rest of the run: step and lr, and run_id if the log has several runs.",
        )
    return asked.but(law=law)


def watched(ask: Callable[[], Report[Extrapolation]], deliver: Deliver, files: Sequence[str], how: Watching) -> int:
    """Show each forecast, and give the exit code: 5 once the loss to beat is out of reach.

    A log that is still too short is waited for, as is one that was read before and cannot be while it is replaced.

    Raises:
        ScalingError: No log can be read at first, or the last one could not be used.
    """
    stamp, idle, was_read = _stamp(files), 0, False
    while True:
        problem: ScalingError | None = None
        try:
            code = _shown(ask(), deliver, how)
            if code == PARTLY or not how.watch:
                return code
        except (FitError, DataError) as error:
            if not how.watch or (isinstance(error, DataError) and not was_read):
                raise
            problem = error
            sys.stderr.write(f"waiting: {escape(error.message)}\n")
            sys.stderr.flush()
        was_read = True
        while (now := _stamp(files)) == stamp:
            idle += 1
            if idle > UNCHANGED:
                sys.stderr.write("The log has not grown for a while, so the run is taken to have ended.\n")
                if problem is not None:
                    raise problem
                return code
            time.sleep(how.every)
        stamp, idle = now, 0


def _shown(report: Report[Extrapolation], deliver: Deliver, how: Watching) -> int:
    """The exit code of one forecast, once it is shown: 5 if the loss to beat is out of reach."""
    code = deliver(report)
    beaten = [result for result in report.results if how.beat is not None and _is_hopeless(_end(result), how.beat)]
    for result in beaten:
        name = f"{group_name(result.group)}: " if result.group else ""
        end = _end(result)
        assert end is not None
        sys.stderr.write(
            f"error: {name}The end is forecast at {figure(end.loss.estimate)}, with an interval from "
            f"{figure(_low(end))}: --beat {how.beat:g} is out of reach.\n"
            "hint: Stop the run, or give a higher loss to --beat.\n"
        )
    return PARTLY if beaten and len(beaten) == len(report.results) else code


def _end(result: Extrapolation) -> Prediction | None:
    """The forecast of the last step."""
    return max(result.predictions, key=lambda each: each.at.get("step", 0.0), default=None)


def _low(prediction: Prediction) -> float | None:
    return prediction.prediction.low if prediction.prediction.low is not None else prediction.loss.low


def _is_hopeless(end: Prediction | None, loss: float) -> bool:
    low = None if end is None else _low(end)
    return low is not None and low > loss


def _stamp(files: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Sizes and times of change of the files that there are."""
    parts = (part for file in files for part in (file, *companions(file)))
    found = (os.stat(part) for part in parts if os.path.exists(part))
    return tuple((each.st_size, each.st_mtime_ns) for each in found)
