"""A known law with arms of known uncertainty, for tests of plans."""

from __future__ import annotations

import numpy as np

from scaling_cli.analysis.plan.answer import Task
from scaling_cli.analysis.plan.goals import parse_goal
from scaling_cli.analysis.plan.knowledge import Arm, Noise
from scaling_cli.analysis.plan.limits import Bounds
from scaling_cli.laws import find_law
from scaling_cli.laws.published import guessed_covariance, published_law

BESIROGLU = published_law("chinchilla:besiroglu")


def arm(*, draws: int = 50, sigma: float = 0.005, name: str = "", present=None) -> Arm:
    """Besiroglu's law, with the uncertainty of its fit."""
    law = find_law("chinchilla")
    drawn = np.concatenate([BESIROGLU.parameters[None], BESIROGLU.draws(draws, 0)])
    return Arm(
        name, law, drawn, Noise(sigma), {"params": "params", "tokens": "tokens"}, present=present,
        prior=1e6 * guessed_covariance(law, BESIROGLU.fit),
    )  # fmt: skip


def task(*goals: str, budget: float = 1.2e21, runs: int = 42, arms=None, **more) -> Task:
    """A task within 1e18 to 1e20 FLOPs a run."""
    return Task(
        arms=arms or [arm()], goals=tuple(map(parse_goal, goals or ("params@1e24",))),
        bounds=more.pop("bounds", Bounds((1e18, 1e20))), budget=budget, runs=runs, **more,
    )  # fmt: skip
