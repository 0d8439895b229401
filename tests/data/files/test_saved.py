"""Documents of this tool, which are no runs."""

from __future__ import annotations

import pytest

from scaling_cli.data.files.saved import is_document
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
