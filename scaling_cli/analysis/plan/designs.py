"""A design: runs that answer the goals, and a reserved share of runs that test the law."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.plan.reserve import test_runs
from scaling_cli.analysis.plan.search import Limits, exchanged, select
from scaling_cli.analysis.plan.square_error import Model
from scaling_cli.arrays import Array, Indices
from scaling_cli.record import Record, replace


class DesignQuestion(Record):
    """What a design is to do.

    Attributes:
        models: The laws that may hold, the one that will be fitted first.
        bent: Terms that the law does not have, at the candidates, shaped (m, e) (see `reserve.bends`).
        noise: Standard deviation of the log loss of one run at the candidates, shaped (m,).
        weights: Weights of the goals, shaped (q,).
        share: Share of the runs, and of the budget, that tests the law.
    """

    models: Sequence[Model]
    bent: Array
    noise: Array
    weights: Array
    share: float


class Chosen(Record):
    """Candidates to run, with repeats: those that answer the goals, and those that test the law."""

    main: Indices
    tests: Indices

    @property
    def all(self) -> Indices:
        """All of them."""
        return np.concatenate([self.main, self.tests])


def design(ask: DesignQuestion, limits: Limits) -> Chosen:
    """The best design found within the limits.

    The runs that answer the goals are chosen first, then those that test the law given these; last, the former are
    improved given the latter.
    """
    cheapest = float(limits.cost.min())
    reserved = round(ask.share * min(limits.runs, limits.budget / cheapest))
    budget = max(ask.share * limits.budget, reserved * cheapest) if reserved else 0.0
    within = Limits(limits.cost, limits.budget - budget, limits.runs - reserved, limits.once)
    main = select(ask.models, within, ask.weights)
    if not reserved or not len(main):
        return Chosen(main, np.empty(0, dtype=int))
    tests = test_runs(ask.models[0], ask.bent, ask.noise, main, Limits(limits.cost, budget, reserved, limits.once))
    spent = float(limits.cost[tests].sum())
    given = [with_runs(model, tests) for model in ask.models]
    within = Limits(limits.cost, limits.budget - spent, limits.runs - len(tests))
    return Chosen(main if limits.once else exchanged(given, within, ask.weights, main), tests)


def with_runs(model: Model, runs: Indices) -> Model:
    """The model once the runs at these candidates are known."""
    rows = model.jacobian[:, runs]
    return replace(model, known=model.known + rows.swapaxes(1, 2) @ rows)
