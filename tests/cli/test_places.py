"""Places in a result by name."""

from __future__ import annotations

import pytest

from scaling_cli.cli.places import kind, lookup, names, number_or_word, row_values, steps

RESULT = {
    "group": {"alpha": "no"},
    "runs": 7,
    "law": "power",
    "is_sure": True,
    "draws": [[1.0, 2.0]],
    "parameters": {
        "alpha": {"estimate": 0.3, "low": 0.2, "high": 0.4},
        "a.b": {"estimate": 5.0, "low": None, "high": None},
    },
    "predictions": [
        {"at": {"compute": 1e24, "opt": "adam"}, "loss": {"estimate": 2.0, "low": 1.9, "high": 2.1}},
        {"at": {"compute": 1e25, "opt": "muon"}, "loss": {"estimate": 1.8, "low": None, "high": 1.9}},
    ],
    "coverage": [{"k": 1, "share": 0.5}, {"k": 100, "share": 0.9}],
    "quality": {"rmse": 0.01, "inner": {"deep": 4}},
    "missing": None,
}


def found(path):
    return [value for _, value in lookup(RESULT, steps(path))]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("runs", [7]),
        ("alpha", [0.3]),  # in a main part
        ("alpha.low", [0.2]),
        ("parameters.alpha.high", [0.4]),
        ("a.b", [5.0]),  # a key with a point
        ("a.b.low", [None]),
        ("loss", [2.0, 1.8]),  # of every row
        ("loss.low", [1.9, None]),
        ("predictions.1.loss", [1.8]),
        ("predictions.2.loss", []),
        ("predictions.loss.high", [2.1, 1.9]),
        ("predictions[compute=1e25].loss", [1.8]),
        ("predictions[opt=adam].loss.low", [1.9]),
        ("predictions[opt=other].loss", []),
        ("coverage[k=100].share", [0.9]),
        ("coverage[k=100]", [{"k": 100, "share": 0.9}]),
        ("coverage[k = 1 ].share", [0.5]),
        ("deep", [4]),  # in any object
        ("rmse", [0.01]),
        ("missing", [None]),
        ("missing.low", [None]),
        ("law", ["power"]),
        ("law.low", []),
        ("0.loss", [2.0]),
        ("nothing", []),
        ("runs.low", []),
    ],
)
def test_a_path_leads_to_its_values(path, values):
    assert found(path) == values


def test_the_groups_values_are_no_numbers_of_the_result():
    assert [".".join(place) for place, _ in lookup(RESULT, ("alpha",))] == ["parameters.alpha"]


def test_a_place_without_rows_is_a_kind():
    assert kind(("predictions", "0", "loss")) == kind(("predictions", "1", "loss")) == "predictions.loss"
    assert kind(("coverage[k=1]", "share")) == "coverage.share"


def test_paths_are_split_at_points_outside_brackets():
    assert steps("coverage[k=1.5].share") == ("coverage[k=1.5]", "share")
    assert steps("a.b") == ("a", "b")


def test_every_number_and_word_has_a_short_name_those_of_main_parts_first():
    found = names(RESULT)
    assert found[0] == "alpha"
    for name in ("runs", "law", "is_sure", "loss", "share", "k", "rmse", "deep"):
        assert name in found
    assert not any("low" in name or "draws" in name or "group" in name for name in found)
    assert found.index("loss") < found.index("runs")


def test_a_name_that_is_not_unique_is_longer():
    twice = {"a": {"x": 1.0, "y": 2.0}, "b": {"x": 3.0}}
    assert sorted(names(twice)) == ["a.x", "b.x", "y"]


def test_the_values_of_rows_are_offered():
    assert row_values(RESULT, steps("coverage[k=5].share")) == ("k", [1, 100])
    assert row_values(RESULT, steps("predictions[compute=5].loss")) == ("compute", [1e24, 1e25])
    assert row_values(RESULT, steps("coverage.share")) == ("", [])
    assert row_values(RESULT, steps("coverage[z=5].share")) == ("", [])
    assert number_or_word("1e3") == 1000.0
    assert number_or_word("adam") == "adam"


def test_truth_values_are_no_numbers():
    rows = {"rows": [{"k": True, "v": 1}, {"k": 1, "v": 2}]}
    assert [value for _, value in lookup(rows, steps("rows[k=1].v"))] == [2]
