"""Documents of this tool, which are no runs."""

from __future__ import annotations

import pytest

import scaling_cli as scaling
from scaling_cli.data.files.saved import is_document, is_saved
from scaling_cli.errors import DataError
from tests.data.loading import load_runs


@pytest.mark.parametrize(
    ("head", "is_one"),
    [
        (b'{"schema": "scaling.fit/1"', True),
        (b'  {\n  "schema": "scaling.plan/1"', True),
        (b'[{"schema": "scaling.fit/1"', False),
        (b'{"schema": "other"', False),
        (b'{"a": 1}', False),
        (b"run,loss\n", False),
        (b'{"schema": ' + b" " * 40 + b'"scaling.fit/1"', False),
    ],
)
def test_a_document_is_known_by_its_first_key(tmp_path, head, is_one):
    path = tmp_path / "x"
    path.write_bytes(head)
    assert is_document(path) == is_one
    assert is_document(path, "fit") == (is_one and b"fit" in head)
    assert not is_document(tmp_path / "none")


@pytest.mark.parametrize("end", ["", "\n", '\n{"schema": "scaling.fit/1", "results": []}\n'])
def test_results_are_passed_over_in_folders_and_refused_where_they_are_named(tmp_path, end):
    (tmp_path / "fit.json").write_text(
        '{"schema": "scaling.fit/1", "results": [{"runs": 9, "params": 1e8, "loss": 3}]}' + end
    )
    (tmp_path / "runs.csv").write_text("params,loss\n1e7,4\n1e8,3\n")
    assert load_runs(tmp_path).frame.height == 2
    beside = load_runs([tmp_path / "runs.csv", tmp_path / "fit.json"])
    assert (beside.frame.height, [each.path for each in beside.unread]) == (2, [str(tmp_path / "fit.json")])
    with pytest.raises(DataError, match=r"fit\.json is a result that scaling saved, not runs"):
        load_runs(tmp_path / "fit.json")


def test_tables_of_results_are_no_runs(tmp_path):
    runs = tmp_path / "runs.csv"
    runs.write_text(
        "params,tokens,loss,loss_low,loss_high,level\n1e8,1e9,4,3,5,1\n1e9,1e9,3,2,4,1\n1e10,1e9,2.5,2,4,1\n"
    )
    forecast = scaling.extrapolate(law="chinchilla:besiroglu", at="params=1e9,tokens=1e9")
    results = {
        "fit": scaling.fit(runs, law="power", x="params", interval="none"),
        "forecast": forecast,
        "score": scaling.score([forecast, runs]),
        "split": scaling.optimal_allocation(law="chinchilla:besiroglu", budget="1e24"),
    }
    for name, result in results.items():
        path = tmp_path / f"{name}.csv"
        result.save(path)
        assert (is_saved(path), is_document(path)) == (True, False)
        with pytest.raises(DataError, match=f"{name}.csv is a result that scaling saved, not runs"):
            load_runs(path)
    assert load_runs(tmp_path).frame.height == 3
