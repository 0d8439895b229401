"""The fits of groups as work that asks the solver, many of them under way at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from scaling_cli.caveats import Caveat
from scaling_cli.errors import ScalingError
from scaling_cli.fitting.ask import AT_ONCE, Asking, together
from scaling_cli.fitting.fit import Grouped, Settings, fit_asking
from scaling_cli.fitting.starts import find_starts
from scaling_cli.fitting.threads import one_blas_thread
from scaling_cli.fitting.undetermined import check_levels
from scaling_cli.options.fit import Fit
from scaling_cli.points.choose import Choice
from scaling_cli.points.group import grouped_for
from scaling_cli.points.table import PointTable
from scaling_cli.points.weights import Weighting
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import FitResult
from scaling_cli.verbs.common import LOSS

Outcome: TypeAlias = tuple[FitResult, list[Caveat]]
Ready: TypeAlias = list[Grouped] | ScalingError


class Work(Record):
    """The fit of one group to each of the laws, or to the best of them."""

    points: PointTable
    group: dict[str, str]
    choices: Sequence[Choice]
    asked: Fit
    settings: Settings

    def ready(self) -> Ready:
        """The problem of each law, or the error that making them ended with."""
        asked = self.asked
        weighting = Weighting(asked.weight, asked.scale_weight, asked.prior)
        space = "binomial" if asked.is_binomial else asked.space
        # All losses of the same runs have the same draws, so that their differences have intervals.
        drawn_as = {key: value for key, value in self.group.items() if key != LOSS} if LOSS in self.group else None
        try:
            made = [grouped_for(self.points, self.group, choice, space, weighting) for choice in self.choices]
            for grouped in made:
                check_levels(grouped.problem)  # here, since starts are sought before any fit asks for this check
        except ScalingError as error:
            return error
        return [replace(grouped, drawn_as=drawn_as) for grouped in made]

    def asking(self, ready: Ready) -> Asking[Outcome]:
        """The fit of the problems, as work that asks the solver."""
        if isinstance(ready, ScalingError):
            raise ready
        if self.asked.law == "all":
            from scaling_cli.fitting.ranking import fit_best

            return fit_best(ready, self.settings)
        return (yield from fit_asking(ready[0], self.settings))


def outcomes_of(works: Sequence[Work]) -> Iterator[Outcome | ScalingError]:
    """The outcome of each fit; many are under way at once."""
    for first in range(0, len(works), AT_ONCE):
        here = works[first : first + AT_ONCE]
        with one_blas_thread():
            ready = [work.ready() for work in here]
            find_starts([grouped.problem for made in ready if isinstance(made, list) for grouped in made[:1]])
            outcomes = together([work.asking(made) for work, made in zip(here, ready, strict=True)])
        yield from outcomes
