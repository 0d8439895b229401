"""A message about rows without a role names the files that lack its column."""

from __future__ import annotations

import polars as pl
import pytest

import scaling_cli as scaling
from tests.caveats.reading import grid


def folder_of(tmp_path, lacking, suffix):
    for place, (_, part) in enumerate(grid().group_by("params", maintain_order=True)):
        path = tmp_path / f"size-{place}.{suffix}"
        part = part.drop("tokens") if place in lacking else part
        part.write_csv(path) if suffix == "csv" else part.write_ndjson(path)
    return tmp_path


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
@pytest.mark.parametrize(("lacking", "said"), [((1,), "size-1"), ((1, 2, 3), "2 more files have no column 'tokens'")])
def test_the_file_without_the_column_is_named(tmp_path, suffix, lacking, said):
    answer = scaling.fit(folder_of(tmp_path, lacking, suffix), law="power", x="tokens", interval="none")
    message = next(caveat.message for caveat in answer.caveats if caveat.code == "rows-excluded")
    assert said in message
    assert f"size-1.{suffix}" in message


def test_no_file_is_named_where_all_have_the_column(tmp_path):
    rows = grid().with_columns(pl.when(pl.int_range(pl.len()) > 2).then("tokens"))
    message = next(
        caveat.message for caveat in scaling.fit(rows, interval="none").caveats if "tokens" in caveat.message
    )
    assert "no column" not in message
