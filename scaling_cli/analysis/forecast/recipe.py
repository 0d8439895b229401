"""How the laws of a forecast are fitted, where the user wants something else than the default."""

from __future__ import annotations

import numpy as np

from scaling_cli.fitting.objective import HUBER_EFFICIENCY
from scaling_cli.options.extrapolate import Extrapolate
from scaling_cli.record import Record

LAD_SHARE = 0.01  # of the residual scale: below it least absolute deviations are smoothed, so that steps converge


class Recipe(Record):
    """What is minimised. None stands for the default of each law.

    Attributes:
        delta: Residual size above which Huber loss is linear; by default 1.345 robust scales.
        power: Power of scale in the weight of a point.
        prior: Whether laws have weak priors: `weak` or `none`.
    """

    objective: str = "huber"
    delta: float | None = None
    power: float | None = None
    prior: str | None = None

    def delta_at(self, scale: float) -> float:
        """The delta of Huber's function that the solver is given, where residuals have this robust scale."""
        if self.objective == "least-squares":
            return float(np.inf)
        if self.objective == "lad":
            return LAD_SHARE * scale
        return HUBER_EFFICIENCY * scale if self.delta is None else self.delta


DEFAULT = Recipe()


def recipe_of(asked: Extrapolate) -> Recipe:
    """The recipe that the options ask for."""
    return Recipe(asked.objective or "huber", asked.delta, asked.scale_weight, asked.prior)


def changes(asked: Extrapolate) -> tuple[str, ...]:
    """What the options change about the estimator, in words: `objective lad`, `E = 1.8 held`."""
    words = [f"objective {asked.objective}"] if asked.objective not in (None, "huber") else []
    words += [f"delta {asked.delta:g}"] if asked.delta is not None else []
    words += ["residuals of the loss"] if asked.space == "linear" else []
    words += [f"points weighted by {asked.weight}"] if asked.weight else []
    words += [f"points weighted by scale^{asked.scale_weight:g}"] if asked.scale_weight is not None else []
    words += [f"{asked.prior} priors" if asked.prior == "weak" else "no priors"] if asked.prior is not None else []
    words += [f"{name} = {value:g} held" for name, value in asked.fix.items()]
    words += [f"{left} = {right} held" for left, right in asked.tie]
    return tuple(words)
