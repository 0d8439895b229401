"""Groups that are probably one and the same: names that differ only in how they are written, and copied runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.numbers.format import with_and

NAMED = 3  # names or pairs of names in a caveat
SHARE, FEWEST = 0.5, 3  # of the points of a group that other groups have too, and how many
DECIMALS = 3  # losses of no more decimals are often equal by chance


def group_doubts(frame: pl.DataFrame, labels: Sequence[str], inputs: Sequence[str]) -> Iterator[Caveat]:
    """Caveats about groups with nearly equal names, and groups with the points of other groups.

    Args:
        frame: All points.
        labels: The columns that name the group.
        inputs: The inputs of the law.
    """
    names = frame.select(pl.concat_str([pl.col(name).cast(pl.String) for name in labels], separator=", ")).to_series()
    pairs = list(islice(_written_alike(names.unique(maintain_order=True).drop_nulls().to_list()), NAMED))
    if pairs:
        yield caveat("similar-groups", None, pairs=with_and([f"{first!r} and {second!r}" for first, second in pairs]))
    copied = _copied(frame.with_columns(names.alias("__group")), inputs)
    if copied:
        more = f" and {len(copied) - NAMED:,} more" if len(copied) > NAMED else ""
        yield caveat("copied-groups", None, groups=", ".join(map(repr, copied[:NAMED])) + more)


def _written_alike(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Names that differ in capitals, or in blanks, hyphens and underscores between words."""
    seen: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[\s_-]+", " ", name.strip()).casefold()
        if plain in seen:
            yield seen[plain], name
        else:
            seen[plain] = name


def _copied(frame: pl.DataFrame, inputs: Sequence[str]) -> list[str]:
    """The groups of which most points, with equal inputs and loss, are in another group too."""
    if not {"loss", *inputs} <= set(frame.columns) or not frame["loss"].dtype.is_float():
        return []
    exact = (pl.col("loss") - pl.col("loss").round(DECIMALS)).abs() > 1e-9
    groups = (
        frame.with_columns((pl.col("__group").n_unique().over(*inputs, "loss") > 1).alias("__shared"))
        .group_by("__group", maintain_order=True)
        .agg(pl.len(), pl.col("__shared").sum(), (pl.col("__shared") & exact).sum().alias("__exact"))
    )
    most = (pl.col("__shared") >= SHARE * pl.col("len")) & (pl.col("__exact") > pl.col("__shared") / 2)
    return groups.filter(most & (pl.col("__shared") >= FEWEST))["__group"].to_list()
