"""What `scaling columns` shows, from a result made by hand."""

from __future__ import annotations

import pytest

from scaling_cli.record import replace
from scaling_cli.report import columns as view
from scaling_cli.results.columns import ColumnsResult, RoleColumn
from scaling_cli.results.report import Report, Source

RESULT = ColumnsResult(
    runs=3,
    points=3,
    rows=1234,
    roles=(
        RoleColumn("params", "size (M)", "millions", 1e6, 1e7, 1e9, 0),
        RoleColumn("loss", "[bold]val\x1b", "nats", 1.0, 2.1, 3.4, 1500),
        RoleColumn("compute", "6 * params * tokens", "", 1.0, None, None, 0),
    ),
    others=("lr", "note"),
    excluded={"a missing loss": 1200, "a loss of 0": 2},
    sample=({"params": 1e7, "loss": 3.4, "note": None}, {"params": 1e9, "loss": None, "note": "odd"}),
)


def report(*results, files=1):
    sources = tuple(Source(f"{i}.csv", "9f" * 32, 5) for i in range(files))
    return Report("columns", sources, {}, {}, results or (RESULT,))


def page(files=1, **changes):
    (made,) = view.pages(report(replace(RESULT, **changes), files=files))
    return made


def facts(**changes):
    return dict(page(**changes).facts)


def test_roles_have_their_column_factor_range_and_gaps():
    roles, sample = (section.sheet for section in page().sections)
    assert [column.name for column in roles.columns] == ["role", "read from", "unit", "factor", "min", "max", "missing"]
    assert roles.rows[0] == ("params", "size (M)", "millions", "x 1e6", "10M", "1B", "-")
    assert roles.rows[1][0] == "loss"
    assert "\x1b" not in roles.rows[1][1]
    assert roles.rows[1][2:] == ("nats", "-", "2.1", "3.4", "1,500")
    assert roles.rows[2][3:] == ("-", "-", "-", "-")
    assert [(column.name, column.kind) for column in sample.columns] == [
        ("params", "number"), ("loss", "number"), ("note", "word"),
    ]  # fmt: skip
    assert sample.rows == (("10M", "3.4", "-"), ("1B", "-", "odd"))
    assert len(page(sample=()).sections) == 1
    assert len(page(roles=(), sample=()).sections) == 0


def test_facts_say_what_was_read_and_left_out():
    found = facts()
    assert found["read"] == "1,234 rows"
    assert found["left out"] == "1,200 with a missing loss; 2 with a loss of 0"
    assert found["other columns"] == "lr, note"
    assert "problem" not in found
    assert facts(files=3)["read"] == "3 files, 1,234 rows"
    assert facts(files=1, rows=1)["read"] == "1 row"
    bare = facts(excluded={}, others=())
    assert "left out" not in bare
    assert "other columns" not in bare
    bad = facts(problem="There is no [loss].", remedy=None)
    assert (bad["problem"], bad["remedy"]) == ("There is no [loss].", "")
    assert facts(problem="None.", remedy="Name it.")["remedy"] == "Name it."


@pytest.mark.parametrize(("count", "end"), [(40, "c39"), (41, "c39 and 1 more"), (2000, "c39 and 1,960 more")])
def test_forty_other_columns_are_named(count, end):
    found = facts(others=tuple(f"c{i}" for i in range(count)))["other columns"]
    assert found.endswith(end)
    assert found.startswith("c0, c1, ")


def test_records_are_a_row_for_each_role():
    header, *rows = view.records(report())
    assert header == ("role", "origin", "unit", "scale", "low", "high", "missing")
    assert rows[0] == ("params", "size (M)", "millions", 1e6, 1e7, 1e9, 0)
    assert "\x1b" not in rows[1][1]
    assert len(list(view.records(report(RESULT, RESULT)))) == 7
    assert view.charts(report()) == []


@pytest.mark.parametrize(
    ("files", "said"), [(1, "1,234 rows"), (2, "2 files, 1,234 rows"), (1500, "1,500 files, 1,234 rows")]
)
def test_several_files_are_counted(files, said):
    assert dict(page(files).facts)["read"] == said
