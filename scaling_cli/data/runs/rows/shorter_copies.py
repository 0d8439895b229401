"""Files that hold the first rows of another file, as logs of earlier checkpoints and old copies of a log do.

Equal losses do not show this alone: without noise, as in simulated logs, all runs of one size lie on one curve. So
either the names must differ only in the number of a checkpoint or in a word such as `backup`, or the losses that both
files share must scatter about a smooth curve, since independent runs do not repeat noise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import polars as pl

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.canonical import AFTER_GROUP, BEFORE_SEED
from scaling_cli.data.runs.select import EARLIEST, FIRST_LOSS, REASON, USABLE, Selection

MOST_ROWS = 2**20  # held in memory; of more, a share of the steps is compared
DIGITS, EVIDENCE = 2, 6  # digits that say little, and how many others the equal losses of several rows must have
MOST_DIGITS = 12  # what arithmetic on losses leaves intact
FEWEST_DIGITS = 5  # of the only loss of a file, whose params or tokens must be known and agree, too
FURTHEST = 3  # files that a part is compared with
FEWEST_NOISY = 6  # rows that show whether a curve is smooth
NOISE = 3e-4  # median relative distance of a loss from the cubic through its neighbours; smooth curves stay below it
ROUNDED = 3  # units of the last digit, within which a distance may come from rounding
CHECKPOINT = r"[-_. ]*(global[-_]?step|checkpoint|chkpt|ckpt)[-_. =]*\d+"
COPY = r"[-_. ]*\b(backup|bak|copy|old|orig|original|prev|previous|partial|truncated)([-_. ]*\d+)?\b|\s*\(\d+\)"


def shorter_copies(
    rows: pl.LazyFrame, ends: Selection | None, names: Mapping[str, str], *, takes_log: bool = False
) -> tuple[list[str], tuple[Caveat, ...]]:
    """The runs that hold the first rows of another run, and a caveat that counts them.

    Args:
        rows: All rows under canonical names, with the reason for which each is unusable.
        ends: The last usable row of each run, with its earliest step and the loss there; None if there are no steps.
        names: The names of runs that are files; only these are compared.
        takes_log: Whether losses are logarithms of what the files hold, whose digits count.
    """
    likely = pl.DataFrame() if ends is None else _likely(ends.points, names)
    if ends is None or likely.is_empty():
        return [], ()
    known = _rows_of(rows, likely, ends.total)
    known = known.with_columns(pl.col("loss").exp()) if takes_log else known
    believed: dict[str, str] = {}
    for part, whole in _contained(known, _pairs(known, likely)).iter_rows():
        if part not in believed and (
            are_names_of_one(names[file_of(part)], names[file_of(whole)])
            or is_noisy(known.filter(pl.col("run_id") == part))
        ):
            believed[part] = whole
    if not believed:
        return [], ()
    part, whole = min((names[file_of(part)], names[file_of(whole)]) for part, whole in believed.items())
    facts = {"count": f"{len(believed):,}", "total": f"{len(names):,}", "part": part, "whole": whole}
    return list(believed), (caveat("shorter-copies", None, **facts),)


def are_names_of_one(one: str, other: str) -> bool:
    """Whether two names differ only in the number of a checkpoint, or in a word for a copy."""
    return _plain(one, f"{CHECKPOINT}|{COPY}") == _plain(other, f"{CHECKPOINT}|{COPY}")


def is_noisy(run: pl.DataFrame) -> bool:
    """Whether the losses of a run scatter about a smooth curve by more than their rounding."""
    curve = run.filter(pl.col("step") > 0).unique("step", keep="last").sort("step").tail(-1)  # warm-up bends the start
    if curve.height < FEWEST_NOISY:
        return False
    place, loss = np.log(curve["step"].to_numpy()), curve["loss"].to_numpy()
    near = [np.roll(place, -shift)[2:-2] for shift in (-2, -1, 1, 2)]
    lost = [np.roll(loss, -shift)[2:-2] for shift in (-2, -1, 1, 2)]
    expected = np.zeros(len(place) - 4)
    for number, start in enumerate(near):  # the cubic of Lagrange
        weight = np.ones_like(expected)
        for other, end in enumerate(near):
            if other != number:
                weight *= (place[2:-2] - end) / (start - end)
        expected += weight * lost[number]
    size = float(np.median(np.abs(loss)))
    unit = 10.0 ** (np.floor(np.log10(size)) + 1 - _digits(curve)) if size > 0 else 0.0
    return bool(np.median(np.abs(loss[2:-2] - expected)) > max(NOISE * size, ROUNDED * unit))


def _plain(name: str, pattern: str) -> str:
    """A name without what matches the pattern."""
    return re.sub(pattern, "", name.casefold().replace("_", "-")).strip("/\\. ")


def file_of(run: str) -> str:
    """The file of a run, which comes after its group and before its seed."""
    return run.rpartition(AFTER_GROUP)[2].partition(BEFORE_SEED)[0]


def _likely(points: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """The files that begin with the loss of another file at the same step, and end at another step."""
    if not {"run_id", "step", EARLIEST, FIRST_LOSS} <= set(points.columns):
        return pl.DataFrame()
    ends = points.select("run_id", pl.col("step").alias("end"), EARLIEST, FIRST_LOSS).drop_nulls()
    group = pl.col("run_id").str.extract(f"^(.*){AFTER_GROUP}", 1).fill_null("").alias("group")
    first = ["group", EARLIEST, FIRST_LOSS]
    ends = ends.with_columns(group).filter(pl.col("end").n_unique().over(first) > 1)
    files = [file_of(run) for run in ends["run_id"]]
    stems = [_plain(names[file], CHECKPOINT) if file in names else None for file in files]
    return ends.with_columns(
        pl.Series("stem", stems, dtype=pl.String),
        pl.Series("is_checkpoint", [bool(re.search(CHECKPOINT, names.get(file, ""))) for file in files]),
    ).drop_nulls("stem")


def _rows_of(rows: pl.LazyFrame, likely: pl.DataFrame, total: int) -> pl.DataFrame:
    """The usable rows of these runs: all, or in large logs those of a share of the steps and the last of each run."""
    names = rows.collect_schema().names()
    amounts = [
        (pl.col(role) if role in names else pl.lit(None, pl.Float64)).cast(pl.Float64).alias(role)
        for role in ("params", "tokens")
    ]
    step = pl.col("step").cast(pl.Float64)
    every = -(-total // MOST_ROWS)
    taken = (step == pl.col("end")) | (step.hash() % every == 0) if every > 1 else pl.lit(value=True)
    return (
        rows.filter((pl.col(REASON) == USABLE) & pl.col("step").is_not_null())
        .select("run_id", step, "loss", *amounts)
        .join(likely.lazy().select("run_id", "group", "end"), on="run_id")
        .filter(taken)
        .collect(engine="streaming")
        .unique(["run_id", "step", "loss"], keep="last", maintain_order=True)
    )


def _pairs(known: pl.DataFrame, likely: pl.DataFrame) -> pl.DataFrame:
    """For each run those that go further and have its last row, or are another checkpoint of the same training."""
    last = known.filter(pl.col("step") == pl.col("end"))
    by_row = last.join(known, on=["group", "step", "loss"], suffix="_whole").with_columns(are_checkpoints=False)
    start = ["group", "stem", EARLIEST, FIRST_LOSS]
    by_name = likely.filter("is_checkpoint").join(likely, on=start, suffix="_whole").with_columns(are_checkpoints=True)
    columns = [
        pl.col("run_id").alias("part"), pl.col("run_id_whole").alias("run_id"), "end", "end_whole", "are_checkpoints",
    ]  # fmt: skip
    return (
        pl.concat([by_name.select(columns), by_row.select(columns)])
        .filter(pl.col("end_whole") > pl.col("end"))
        .unique(["part", "run_id"], keep="first", maintain_order=True)
        .sort("are_checkpoints", "end_whole", "run_id", descending=[True, True, False])
        .group_by("part", maintain_order=True)
        .head(FURTHEST)
    )


def _contained(known: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """The pairs in which the longer run has all rows of the part, and these are too many to be equal by chance.

    A checkpoint may have been evaluated at its end, at a step at which the whole training was not.
    """
    rows = known.select(pl.col("run_id").alias("part"), "step", "loss", "params", "tokens")
    equal = [pl.col(role) == pl.col(f"{role}_whole") for role in ("params", "tokens")]
    wholes = known.drop("end", "group")
    shared = pairs.join(rows, on="part").join(wholes, on=["run_id", "step", "loss"], suffix="_whole")
    found = shared.group_by("part", "run_id").agg(
        pl.len().alias("shared"),
        (pl.col("step") < pl.col("end")).sum().alias("before"),
        pl.col("loss").n_unique().cast(pl.Int64).alias("losses"),
        equal[0].all().alias("has_params"),  # without nulls, so true if unknown
        (equal[1].all() & pl.any_horizontal(same.any() for same in equal)).alias("has_amounts"),
    )
    is_before = pl.col("step") < pl.col("end")
    sizes = known.group_by(pl.col("run_id").alias("part")).agg(
        pl.len().alias("size"), is_before.sum().alias("size_before")
    )
    digits = known.group_by("run_id").agg(
        _significant().max().cast(pl.Int64).alias("digits")
    )  # 4.1 may stand for 4.1000
    has_all = (pl.col("shared") == pl.col("size")) | (
        pl.col("are_checkpoints") & (pl.col("before") == pl.col("size_before")) & (pl.col("before") > 0)
    )
    is_much = (pl.col("losses") >= 2) & (pl.col("losses") * (pl.col("digits") - DIGITS) >= EVIDENCE)
    is_same = pl.col("has_amounts") & (pl.col("digits") >= FEWEST_DIGITS)
    judged = (
        pairs.join(found, on=["part", "run_id"], maintain_order="left")
        .join(sizes, on="part", maintain_order="left")
        .join(digits, on="run_id", maintain_order="left")
    )
    return judged.filter(has_all & pl.col("has_params") & (is_much | is_same)).select("part", "run_id")


def _digits(run: pl.DataFrame) -> int:
    return int(run.select(_significant().max()).item() or 0)


def _significant() -> pl.Expr:
    """The number of significant digits of each loss."""
    text = pl.col("loss").abs().round_sig_figs(MOST_DIGITS).cast(pl.String)
    figures = text.str.replace("e.*$", "").str.replace(r"\.0$", "").str.replace(".", "", literal=True)
    return figures.str.strip_chars_start("0").str.len_chars()
