"""Parts of the names of runs, such as `moe` in `moe-125M-seed1`, that may say of which kind a run is."""

from __future__ import annotations

import re

import polars as pl

from scaling_cli.data.runs.plan import RUN_BY_FILE
from scaling_cli.data.runs.sanity import condition_on

BETWEEN = r"(?<![0-9.][eE])[^A-Za-z0-9.]+"  # not within 3e-4
UNNAMED = r"row [0-9]+"
MOST_RUNS = 2000
SAID = "the part of names of runs that says "
PLACES = (0, 1, 2, -1, -2, -3)  # parts that are looked at, from the start and from the end


def name_parts(names: pl.Series, most: int) -> dict[str, pl.Series]:
    """What stands at each place of the names of runs, where it takes from two to `most` values, by a text about it.

    Names of very many runs are not split, nor are those of rows without a name.
    """
    if len(names) > MOST_RUNS or names.is_empty() or re.fullmatch(UNNAMED, str(names[0])):
        return {}
    parts = [[part for part in re.split(BETWEEN, name) if part] for name in names.cast(pl.String).fill_null("")]
    found: dict[tuple[str, ...], str] = {}
    for place in PLACES:
        words = tuple(part[place] if -len(part) <= place < len(part) else "" for part in parts)
        kinds = sorted({*words} - {""})
        if 2 <= len(kinds) <= most and words not in found:
            found[words] = f"{SAID}{' or '.join(kinds[:3])}{', ...' if len(kinds) > 3 else ''}"
    return {said: pl.Series(words, dtype=pl.String) for words, said in found.items()}


def way_to_keep(column: str, said: str) -> str:
    """How to keep the runs of one kind, by the column of the names of runs and what `name_parts` says."""
    word = re.split(r" or |,", said.removeprefix(SAID))[0]
    if RUN_BY_FILE in column:
        return f"Give only files of one kind, such as those with {word} in their name"
    return f"Keep one kind with --where {condition_on(column, 'LIKE', f'%{word}%')}"
