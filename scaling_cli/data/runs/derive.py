"""Compute a missing one of compute, params and tokens by compute = 6 * params * tokens; unique tokens from epochs.

The rule is that of Kaplan et al. 2020 (arXiv:2001.08361), section 2.1.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

import numpy as np
import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, FlopsRule, require_flops

# Ratios of a compute column to 6 * params * tokens that need no caveat. Attention adds up to about a half in small
# models; below 0.8 something (embeddings, a unit, an epoch) was counted differently.
LOW_RATIO, HIGH_RATIO = 0.8, 1.6

# A ratio that changes with the size of the model biases the exponent, even if each run's ratio is acceptable.
DRIFT = 1.15  # between the largest ratio and the smallest
DRIFT_SIZES = 4  # different sizes that a rank correlation needs
DRIFT_RANK = 0.8  # rank correlation of the ratio with params

DERIVATIONS = {
    "compute": (("params", "tokens"), "6*params*tokens"),
    "tokens": (("compute", "params"), "compute/(6*params)"),
    "params": (("compute", "tokens"), "compute/(6*tokens)"),
    "unique_tokens": (("tokens", "epochs"), "tokens/epochs"),
}


def derivable(roles: Collection[str], ignored: Collection[str] = ()) -> dict[str, str]:
    """The role that can be computed from the others, with its formula; empty if none is missing, or two are.

    `ignored` roles are those that the user mapped to `none`. Of these only compute is derived: the user refused its
    column, and 6 * params * tokens does not use that column.
    """
    return {
        role: formula
        for role, (needs, formula) in DERIVATIONS.items()
        if role not in roles and (role == "compute" or role not in ignored) and all(need in roles for need in needs)
    }


def expression(role: str, value: Callable[[str], pl.Expr] = pl.col) -> pl.Expr:
    """The expression that computes `role` from the other two, each of which `value` gives."""
    if role == "unique_tokens":
        # A run of less than one epoch may say 0, which does not tell how many tokens there are.
        return pl.when(value("epochs") > 0).then(value("tokens") / value("epochs")).alias(role)
    if role == "compute":
        return (FLOPS_A_PARAM_AND_TOKEN * value("params") * value("tokens")).alias(role)
    other = "params" if role == "tokens" else "tokens"
    return (value("compute") / (FLOPS_A_PARAM_AND_TOKEN * value(other))).alias(role)


def complete(points: pl.DataFrame, role: str) -> pl.DataFrame:
    """The points with `role` computed from the other two."""
    return points.with_columns(expression(role))


def recounted(points: pl.DataFrame, rule: FlopsRule, derived: Collection[str]) -> pl.DataFrame:
    """The points with compute counted by `rule`, which may not use `derived` roles: they assume 6 * params * tokens.

    Raises:
        UsageError: A column that the rule needs is missing, or does not hold numbers.
    """
    names = ("params", "tokens", *rule.extras)
    lacking = [
        name
        for name in names
        if name not in points.columns or name in derived or not points[name].dtype.is_numeric()
    ]  # fmt: skip
    if lacking:
        raise lacks_columns(rule, lacking)
    known = points.select(pl.col(name).cast(pl.Float64) for name in names)
    compute = rule.compute({name: known[name].to_numpy() for name in names})
    complete = known.select(pl.all_horizontal(pl.all().is_not_null())).to_series().to_numpy()
    require_flops(rule, np.where(complete, compute, np.nan))
    return points.with_columns(pl.Series("compute", compute).fill_nan(None))


def lacks_columns(rule: FlopsRule, names: Sequence[str]) -> UsageError:
    """The error for a rule whose columns are missing."""
    return UsageError(
        f"--flops-rule {rule.name!r} needs columns of numbers for {', '.join(names)}.",
        hint="Add these columns to the runs, or write a formula that uses only the columns they have.",
    )


def fill_compute(points: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Caveat, ...]]:
    """The points with 6 * params * tokens where the compute column is empty, and a caveat that counts them."""
    lacks = pl.col("compute").is_null() & pl.col("params").is_not_null() & pl.col("tokens").is_not_null()
    count = points.select(lacks.sum()).item()
    if not count:
        return points, ()
    filled = points.with_columns(pl.coalesce("compute", expression("compute")).alias("compute"))
    return filled, (caveat("partial-compute", points=f"{count:,}", total=f"{points.height:,}"),)


def mismatch(points: pl.DataFrame) -> tuple[Caveat, ...]:
    """A caveat if the compute column is far from 6 * params * tokens, or if their ratio changes with model size."""
    usable = points.drop_nulls(["compute", "params", "tokens"])
    ratio = usable["compute"] / (FLOPS_A_PARAM_AND_TOKEN * usable["params"] * usable["tokens"])
    if ratio.is_empty():
        return ()
    low, high = float(ratio.min()), float(ratio.max())  # type: ignore[arg-type]
    if high > DRIFT * low and _drifts(usable["params"], ratio):
        smallest, largest = usable["params"].arg_min(), usable["params"].arg_max()
        assert smallest is not None
        assert largest is not None
        return (
            caveat(
                "compute-drift",
                small=ratio[smallest],
                small_params=usable["params"][smallest],
                large=ratio[largest],
                large_params=usable["params"][largest],
            ),
        )
    if ratio.is_between(LOW_RATIO, HIGH_RATIO).all():
        return ()
    ends = dict.fromkeys(f"{end:.3g}" for end in (low, high))
    return (caveat("compute-mismatch", ratio=" to ".join(ends)),)


def _drifts(params: pl.Series, ratio: pl.Series) -> bool:
    """Whether the ratio rises or falls with the size of the model."""
    pairs = pl.DataFrame({"params": params, "ratio": ratio})
    if pairs["params"].n_unique() < DRIFT_SIZES:
        return False
    rank = pairs.select(pl.corr("params", "ratio", method="spearman")).item()
    return rank is not None and abs(rank) > DRIFT_RANK
