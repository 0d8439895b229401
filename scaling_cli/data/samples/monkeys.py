"""Read the YAML files of Large Language Monkeys, each of which has the attempts at one problem."""

from __future__ import annotations

import re
from pathlib import Path

import polars as pl

from scaling_cli.errors import DataError


def monkeys_rows(path: str) -> pl.LazyFrame:
    """One problem: the list `is_corrects` of a YAML file. Text of samples is indented, so it cannot look like a key.

    Raises:
        DataError: There is no such list.
    """
    outcomes: list[bool] = []
    inside = False
    with open(path, encoding="utf-8-sig") as file:
        for line in file:
            if inside and not line.startswith(("-", " ")):
                break
            inside = inside or line.startswith("is_corrects:")
            words = re.findall(r"[a-z]+", line.lower()) if inside else []
            outcomes += [word == "true" for word in words if word in ("true", "false")]
    if not outcomes:
        raise DataError(
            f"{path} has no list is_corrects.", hint="Give a table of counts with columns problem, n and c instead."
        )
    return pl.DataFrame({"problem": [Path(path).stem], "is_corrects": [outcomes]}).lazy()
