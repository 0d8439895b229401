"""The role that the name of a column hints at, without being one of the role's names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence

import polars as pl

from scaling_cli.data.names import normalise
from scaling_cli.data.runs.aliases import letter_role
from scaling_cli.errors import DataError

WORDS = {
    "params": {"param", "params", "parameter", "parameters", "nparams"},
    "tokens": {"token", "tokens", "ntokens", "tok", "toks", "ntok"},
    "compute": {"compute", "flop", "flops", "flos"},
}
SIZE = r"(?:^|[^0-9A-Za-z.])([0-9]+(?:\.[0-9]+)?[MmBb])(?:[^0-9A-Za-z]|$)"  # in the name of a run
FEWEST_NAMES, SIZED_SHARE = 4, 0.8  # runs, and the share of them whose names hold a size
SEVERAL_SIZES = 3  # that say that the names hold sizes; of ten runs or fewer, two do
# Names of columns that count what a role counts, perhaps in another unit or only in part.
KINDRED = {
    "compute": {
        *("flops_per_gpu", "flops_per_device", "flops_per_rank", "flops_per_step"),
        *("compute_per_gpu", "compute_per_device", "compute_per_step"),
    },
    "params": {"nonemb", "non_emb"},
    "tokens": {
        *("training_data", "train_data", "data_size", "dataset_size", "samples_seen", "examples_seen"),
        *("sequences_seen", "consumed_samples", "d_tok", "dtok"),
        *("tokens_per_gpu", "tokens_per_device", "tokens_per_rank"),
    },
}
SAMPLES = {"samples", "examples", "sequences"}  # in names of counts that the length of a sequence turns into tokens
# With one of these in its name, a column holds a rate, a length, another object's size, or a logarithm.
OTHERWISE = {
    *("per", "ratio", "sec", "second", "s", "throughput", "rate", "speed", "batch", "vocab", "len", "length", "max"),
    *("context", "seq", "sequence", "unique", "eval", "val", "valid", "test", "loss", "type", "name", "id", "expert"),
    *("embedding", "emb", "norm", "lr", "log", "log2", "log10", "ln", "cost", "price", "step", "gpu", "mfu", "teacher"),
    *(
        "draft",
        "ref",
        "reward",
        "lower",
        "upper",
        "multiplier",
        "share",
        "fraction",
        "pct",
        "increase",
        "growth",
        "optimal",
        "best",
    ),
}


def likely_role(column: str) -> str | None:
    """The role that the name of a column hints at without being an alias of it, or None."""
    if (letter := letter_role(column)) is not None:
        return letter if letter in WORDS else None
    whole = normalise(column)
    for role, names in KINDRED.items():
        if whole in names:
            return role
    words = set(re.split(r"[^a-z0-9]+", normalise(column.replace("#", " ")).replace("_", " ")))
    if words & OTHERWISE:
        return None
    return next((role for role, names in WORDS.items() if words & names), None)


def sized_names(runs: pl.Series) -> tuple[str, str] | None:
    """A name with a size in it, such as gpt-124M, and the pattern that finds it, if most runs have different sizes."""
    names = runs.cast(pl.String).drop_nulls().unique(maintain_order=True)
    sizes = names.str.extract(SIZE, 1)
    known = sizes.drop_nulls()
    if len(names) < FEWEST_NAMES or len(known) < SIZED_SHARE * len(names):
        return None
    if known.n_unique() < (SEVERAL_SIZES if len(known) > 10 else 2):
        return None
    letters = "".join(sorted(known.str.slice(-1).unique().to_list()))
    return str(names.filter(sizes.is_not_null())[0]), f"([0-9.]+[{letters}])"


def no_column(role: str, others: Sequence[str] = (), *, who: str | None = None) -> DataError:
    """The error for a role that `who` needs, but that has no column; `others` are the columns that have no role."""
    option = f"--{role}" if role in WORDS else f"--map {role}="
    likely = [name for name in others if likely_role(name) == role]
    if likely and role in WORDS:
        flag, what = flag_of(role, likely[0])
        hint = f"Give {flag} if {what}."
    else:
        hint = f"Name it with {option}{' ' if role in WORDS else ''}COLUMN, or add such a column."
    return DataError(_missing(role, who), hint=hint)


def flag_of(role: str, column: str) -> tuple[str, str]:
    """The option that reads a column which may have a role, and when that is right."""
    if role == "tokens" and set(re.split("[^a-z]+", normalise(column))) & SAMPLES:
        return f"--tokens {shlex.quote(f'{column} * 2048')}", f"{column} counts samples of 2,048 tokens each"
    return f"--{role} {shlex.quote(column)}", f"{column} holds {role}"


def _missing(role: str, who: str | None) -> str:
    if who is None:
        return f"No column could be identified as {role}."
    return f"{who} needs {role}, but no column was found for it."
