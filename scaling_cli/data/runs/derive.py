"""Compute, params and tokens from one another: compute = 6 * params * tokens; unique tokens from epochs.

The rule is that of Kaplan et al. 2020 (arXiv:2001.08361), section 2.1.
"""

from __future__ import annotations

from collections.abc import Collection

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.errors import UsageError
from scaling_cli.flops import FLOPS_A_PARAM_AND_TOKEN, FlopsRule

# Ratio of a given compute to 6 * params * tokens that passes without a word. Attention adds up to some
# half in small models; below 0.8 something (embeddings, a unit, an epoch) was counted differently.
LOW_RATIO, HIGH_RATIO = 0.8, 1.6

# A ratio that goes with the size of the model bends the exponent even while it passes for each run alone.
DRIFT = 1.15  # between the largest ratio and the smallest
DRIFT_SIZES = 4  # different sizes from which ranks say anything
DRIFT_RANK = 0.8  # rank correlation of the ratio with params

DERIVATIONS = {
    "compute": (("params", "tokens"), "6*params*tokens"),
    "tokens": (("compute", "params"), "compute/(6*params)"),
    "params": (("compute", "tokens"), "compute/(6*tokens)"),
    "unique_tokens": (("tokens", "epochs"), "tokens/epochs"),
}


def derivable(roles: Collection[str], ignored: Collection[str] = ()) -> dict[str, str]:
    """The role that follows from the others, with its formula; empty if none is missing or two are.

    `ignored` roles were switched off by name; of these only compute is derived, because 6 * params *
    tokens does not come from the column that was refused.
    """
    return {
        role: formula
        for role, (needs, formula) in DERIVATIONS.items()
        if role not in roles and (role == "compute" or role not in ignored) and all(need in roles for need in needs)
    }


def expression(role: str) -> pl.Expr:
    """`role` computed from the other two."""
    if role == "unique_tokens":
        return (pl.col("tokens") / pl.col("epochs")).alias(role)
    if role == "compute":
        return (FLOPS_A_PARAM_AND_TOKEN * pl.col("params") * pl.col("tokens")).alias(role)
    other = "params" if role == "tokens" else "tokens"
    return (pl.col("compute") / (FLOPS_A_PARAM_AND_TOKEN * pl.col(other))).alias(role)


def complete(points: pl.DataFrame, role: str) -> pl.DataFrame:
    """The points with `role` computed from the other two."""
    return points.with_columns(expression(role))


def recounted(points: pl.DataFrame, rule: FlopsRule, derived: Collection[str]) -> pl.DataFrame:
    """The points with compute as `rule` counts it; `derived` roles rest on 6 * params * tokens.

    Raises:
        UsageError: A column that the rule needs is not there, or holds no numbers.
    """
    names = ("params", "tokens", *rule.extras)
    lacking = [
        name
        for name in names
        if name not in points.columns or name in derived or not points[name].dtype.is_numeric()
    ]  # fmt: skip
    if lacking:
        raise UsageError(
            f"--flops-rule {rule.name!r} needs numbers for {', '.join(lacking)}.",
            hint="Add these columns to the runs, or write a formula in params and tokens alone.",
        )
    known = points.select(pl.col(name).cast(pl.Float64) for name in names)
    compute = rule.compute({name: known[name].to_numpy() for name in names})
    return points.with_columns(pl.Series("compute", compute).fill_nan(None))


def fill_compute(points: pl.DataFrame) -> tuple[pl.DataFrame, tuple[Caveat, ...]]:
    """The points with compute where only its column is empty, and the caveat that counts them."""
    lacks = pl.col("compute").is_null() & pl.col("params").is_not_null() & pl.col("tokens").is_not_null()
    count = points.select(lacks.sum()).item()
    if not count:
        return points, ()
    filled = points.with_columns(pl.coalesce("compute", expression("compute")).alias("compute"))
    return filled, (caveat("partial-compute", points=f"{count:,}", total=f"{points.height:,}"),)


def mismatch(points: pl.DataFrame) -> tuple[Caveat, ...]:
    """A caveat if the given compute is far from 6 * params * tokens in some rows, or further the smaller the model."""
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
    return (caveat("compute-mismatch", low=low, high=high),)


def _drifts(params: pl.Series, ratio: pl.Series) -> bool:
    """Whether the ratio goes with the size of the model."""
    pairs = pl.DataFrame({"params": params, "ratio": ratio})
    if pairs["params"].n_unique() < DRIFT_SIZES:
        return False
    rank = pairs.select(pl.corr("params", "ratio", method="spearman")).item()
    return rank is not None and abs(rank) > DRIFT_RANK
