from __future__ import annotations

import pytest

from scaling_cli.report.pages.narrow import GAP, placed
from scaling_cli.report.pages.page import Section
from scaling_cli.report.pages.sheet import Column, Sheet, numbers, words

PROSE = "compute-optimal params grow as compute to this power"
FIT = Sheet(
    (Column("parameter", "symbol"), *numbers("estimate"), Column("95 % interval", "interval"),
     Column("unit", is_detail=True), Column("meaning", "text", is_detail=True)),
    tuple((f"p{i}", "0.5096", "[0.4979, 0.5205]", "loss", PROSE) for i in range(9)),
)  # fmt: skip
SPLITS = Sheet(
    (*numbers("compute"), *(Column(name, "estimate") for name in ("params", "tokens", "loss"))),
    (("1e21", "2.73B [2.6B, 2.84B]", "61.1B [58.8B, 64.1B]", "2.30 [2.29, 2.31]"),
     ("1e24", "92.1B [81.1B, 103B]", "1.81T [1.62T, 2.05T]", "1.96 [1.95, 1.98]")),
)  # fmt: skip


def sheets(sheet, width, wide=None):
    return [part.sheet for part in placed(Section("", sheet, wide), width)]


def total(part):
    return sum(part.widths) + GAP * (len(part.widths) - 1)


def test_a_table_that_fits_is_left_alone():
    (part,) = placed(Section("", SPLITS), 200)
    assert part.sheet == SPLITS
    assert part.widths == (7, 19, 20, 17)


def test_without_a_width_nothing_is_changed():
    assert sheets(FIT, None) == [FIT]
    assert placed(Section("", FIT), None)[0].widths == ()


def test_text_folds_before_anything_else_gives_way():
    (part,) = placed(Section("", FIT), 80)
    assert part.sheet == FIT
    assert total(part) == 80
    assert part.widths[:4] == (9, 8, 16, 4)


def test_details_are_left_out_where_text_would_be_too_narrow():
    (sheet,) = sheets(FIT, 60)
    assert sheet.header == ("parameter", "estimate", "95 % interval")


def test_intervals_go_under_their_estimates_next():
    (sheet,) = sheets(FIT, 30)
    assert sheet.header == ("parameter", "estimate\n95 % interval")
    assert sheet.rows[0] == ("p0", "0.5096\n[0.4979, 0.5205]")
    (sheet,) = sheets(SPLITS, 60)
    assert sheet.rows[0] == ("1e21", "2.73B\n[2.6B, 2.84B]", "61.1B\n[58.8B, 64.1B]", "2.30\n[2.29, 2.31]")


def test_a_few_rows_are_turned_with_as_many_side_by_side_as_fit():
    (sheet,) = sheets(SPLITS, 51)
    assert sheet.header == ("compute", "1e21", "1e24")
    assert sheet.rows[0] == ("params", "2.73B [2.6B, 2.84B]", "92.1B [81.1B, 103B]")
    assert [sheet.header for sheet in sheets(SPLITS, 40)] == [("compute", "1e21"), ("compute", "1e24")]


def test_many_rows_are_never_turned_while_they_fit_with_folded_intervals():
    long = Sheet(SPLITS.columns, SPLITS.rows * 5)
    (part,) = placed(Section("", long), 45)
    assert part.sheet == long
    assert total(part) <= 45


def test_the_wide_form_comes_first_and_the_other_where_it_does_not_fit():
    long = Sheet(words("key", "value"), (("a", "1"), ("b", "2")) * 5)
    wide = Sheet((*words("key"), *numbers("first", "second")), (("a" * 30, "1", "2"),) * 8)
    assert sheets(long, 80, wide) == [wide]
    assert sheets(long, 40, wide) == [long]


@pytest.mark.parametrize("width", [8, 16, 24, 40, 60, 80, 120])
@pytest.mark.parametrize("sheet", [FIT, SPLITS, Sheet(words("file"), (("x" * 90,),))], ids=["fit", "splits", "file"])
def test_widths_keep_within_the_terminal_and_no_number_is_cut(sheet, width):
    for part in placed(Section("", sheet), width):
        assert not part.widths or total(part) <= width
        for i, column in enumerate(part.sheet.columns if part.widths else ()):
            if column.kind == "number":
                assert part.widths[i] >= max(len(row[i]) for row in part.sheet.rows)
