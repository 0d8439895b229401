"""What the fitted column holds if not a loss in nats per token: judged by its name first, and then by its values."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import numpy as np
import polars as pl

from scaling_cli.arrays import mean_ranks
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.cells import different
from scaling_cli.data.names import normalise
from scaling_cli.data.runs.aliases import is_loss
from scaling_cli.errors import DataError
from scaling_cli.numbers.format import figure
from scaling_cli.numbers.units import PERPLEXITY, metric_unit

LARGEST_LOSS = 13.8  # ln(1e6): a uniform guess over a vocabulary larger than any
LARGEST_PERPLEXITY = 1e6  # that of the same guess
GROWTH_RANK = 0.5  # rank correlation with the input; above it, the metric grows
GROWTH_POINTS = 8
FEW = 3  # points that must agree in what their values look like
UNUSABLE = "non-positive loss"

# What names of columns say that they hold. Units that --loss-unit knows are in `units.METRICS`.
KINDS = {
    "a percentage": ("percent", "percentage", "pct"),
    "an accuracy": ("exact_match", "f1", "pass_at_1", "pass_1", "win_rate", "success_rate", "solve_rate", "correct"),
    "a reward": ("reward", "rewards", "return", "returns", "elo"),
    "a score": ("score", "scores", "bleu", "rouge", "rougel", "chrf", "auc", "recall", "mrr", "ndcg", "rating"),
    "an error rate": ("error", "error_rate", "err", "wer", "cer"),
    "a number of steps": ("step", "steps", "iteration", "iterations", "iters", "updates", "epochs"),
    "a number of tokens or samples": ("tokens", "samples", "examples", "batch", "batch_size"),
    "a time": ("seconds", "hours", "runtime", "latency", "walltime", "time"),
}
UNITS = {"a percentage": "accuracy", "an accuracy": "accuracy", "an error rate": "accuracy"}


def doubts(
    points: pl.DataFrame, columns: Mapping[str, str], loss_unit: str, computed: Collection[str] = ()
) -> Iterator[Caveat]:
    """Caveats about a metric that is not a loss in nats, unless `loss_unit` says so.

    The name of a column among `computed` is a formula, which may convert the unit, so it says nothing.
    """
    column = columns["loss"]
    if loss_unit == PERPLEXITY:
        yield caveat("perplexity-log", formula=column)
    losses = points["loss"]
    is_outcome = losses.min() == 0.0 and losses.max() == 1.0 and losses.is_in([0.0, 1.0]).all()
    if is_outcome:
        yield caveat("single-outcomes", column=column)
    role = _grows_with(points)
    if loss_unit == "nats" and not is_outcome:
        yield from _kind(points["loss"], column, grows=role is not None, is_named=column not in computed)
    if role is not None:
        yield caveat("metric-grows", column=column, role=role)


def refuse_outcomes(losses: pl.Series, excluded: Mapping[str, int], column: str) -> None:
    """Refuse outcomes of single attempts, of which the logarithm leaves only the successes.

    Raises:
        DataError: All `losses` are 1, and others were left out for not being positive.
    """
    if UNUSABLE in excluded and len(losses) and (losses == 1).all():
        raise DataError(
            f"{column} holds only 0 and 1, outcomes of single attempts, and zeros have no logarithm, so only successes "
            "would be fitted.",
            hint="Average the outcomes of each run, and fit the rates with --space linear.",
        )


def _grows_with(points: pl.DataFrame) -> str | None:
    """The input that the metric grows with, or None."""
    for role in ("compute", "tokens", "params"):
        if role in points.columns and different(points[role]) >= GROWTH_POINTS:
            rank = _rank_correlation(points, role)
            return role if rank is not None and rank > GROWTH_RANK else None
    return None


def _rank_correlation(points: pl.DataFrame, role: str) -> float | None:
    """Spearman's rank correlation of the loss with a role, quickly where it is far from the limit."""
    if points[role].null_count() == 0:
        left, right = (mean_ranks(points[name].to_numpy()) - points.height / 2 for name in (role, "loss"))
        size = float(np.sqrt((left @ left) * (right @ right)))
        if size > 0 and abs((rank := float(left @ right) / size) - GROWTH_RANK) > 1e-6:
            return rank
    found: float | None = points.select(pl.corr(role, "loss", method="spearman")).item()
    return found


def _kind(losses: pl.Series, column: str, *, grows: bool, is_named: bool) -> Iterator[Caveat]:
    unit = metric_unit(normalise(column)) if is_named else None
    if unit is not None:
        yield caveat("loss-unit", reason="By its name,", column=column, unit=unit)
        return
    kind, reason = _by_name(column) if is_named else None, "is named so"
    if kind is None and not grows:
        kind, reason = _by_values(losses, is_called_loss=is_loss(column))
    if kind is not None:
        yield caveat("not-a-loss", column=column, kind=kind, reason=reason, unit=UNITS.get(kind, "other"))
    elif (median := _median(losses)) > LARGEST_LOSS:
        is_share = float(losses.max()) <= 100.0  # type: ignore[arg-type]
        others = {"or_other": " or percentages", "else_other": ", or else --loss-unit accuracy"}
        yield caveat("large-loss", None, median=median, **(others if is_share else dict.fromkeys(others, "")))


def _by_name(column: str) -> str | None:
    if is_loss(column):
        return None
    name = f"_{normalise(column)}_"
    if "_loss_" in name or "_nll_" in name:
        return None
    return next((kind for kind, words in KINDS.items() if any(f"_{word}_" in name for word in words)), None)


def _by_values(losses: pl.Series, *, is_called_loss: bool) -> tuple[str | None, str]:
    if len(losses) < FEW:
        return None, ""
    low, high = float(losses.min()), float(losses.max())  # type: ignore[arg-type]
    if low < 0:
        return "a reward or a log-likelihood", "has values below 0"
    if high <= 1 and not is_called_loss:  # the loss on code can be below 1 nat per token
        return "an accuracy, an error rate or bits per byte", f"has no value above {figure(high, 3)}"
    if _median(losses) > LARGEST_LOSS and (losses == losses.round()).all():
        return "a count, such as one of steps", "has only large whole numbers"
    if _median(losses) > LARGEST_PERPLEXITY:
        return "a count or a size", f"has a median of {figure(_median(losses), 3)}, above any perplexity"
    return None, ""


def _median(losses: pl.Series) -> float:
    return float(losses.median())  # type: ignore[arg-type]
