"""JSON lines."""

from __future__ import annotations

import pytest

from scaling_cli.data.files.format import FILE
from scaling_cli.data.files.json_lines import JSON_LINES
from scaling_cli.data.files.json_runs import flattened
from scaling_cli.errors import DataError


@pytest.fixture
def read(tmp_path):
    def rows(*texts):
        paths = []
        for place, text in enumerate(texts):
            (tmp_path / f"{place}.jsonl").write_text(text)
            paths.append(str(tmp_path / f"{place}.jsonl"))
        return JSON_LINES.scan(paths, JSON_LINES.layout(paths[0], b"")).collect()

    return rows


@pytest.mark.parametrize(
    ("head", "is_lines"),
    [
        (b'{"a": 1}\n{"a": 2}', True), (b'\n {"a": 1}\n{"a": 2}', True), (b'{"a": 1}\n', False), (b'{"a": 1}', False),
        (b'{"a": 1\n{"a": 2}', False), (b"[1]\n[2]", False), (b'{"a": 1}\n \n', False), (b"{" * 9 + b"\n{}", False),
        (b'{"run": "a", "loss": [3.1, 2.9]}\n{"run": "b"}', False), (b'{"step": 1, "loss": [3.1, 2.9]}\n{}', True),
        (b'{"run": "a", "samples": [0, 1]}\n{"run": "b"}', True),
    ],
)  # fmt: skip
def test_lines_are_recognised_by_the_first_and_something_after_it(head, is_lines):
    assert JSON_LINES.recognises(head) == is_lines


def test_values_become_text_and_nested_objects_columns():
    assert flattened({"a": None, "b": "x", "c": {"d": {"e": 1.5}}, "f": [1, "y"], 3: True}) == {
        "a": None, "b": "x", "c/d/e": "1.5", "f": '[1, "y"]', "3": "true",
    }  # fmt: skip
    assert flattened([1]) == {}


@pytest.mark.parametrize("odd", ["", '{"a": NaN, "b": [1, 2]}\n'])
def test_lines_that_polars_cannot_read_are_read_all_the_same(read, odd):
    frame = read(odd + '{"a": 1, "b": [1, 2]}\n{"b": [], "c": {"d": "x"}, "e": [[1]]}\n' + ("{broken\n" if odd else ""))
    rows = frame.drop(FILE).to_dicts()
    rows = rows[1:-1] if odd else rows
    assert rows[0] == {"a": "1", "b": "[1, 2]", "c/d": None, "e": None}
    assert (rows[1]["a"], rows[1]["b"], rows[1]["c/d"]) == (None, "[]", "x")
    assert rows[1]["e"] == ("[[1]]" if odd else "[...]")


def test_a_line_without_values_is_a_row(read):
    assert read('{"a": 1}\n{}\n{"a": 2}\n')["a"].to_list() == ["1", None, "2"]
    assert read('{"a": NaN}\nbroken\n\n{"a": 2}\n')["a"].to_list() == ["NaN", None, "2"]


def test_files_that_lack_a_column_have_null_there(read):
    frame = read('{"a": 1, "b": 2}\n', '{"a": 3}\n')
    assert frame["b"].to_list() == ["2", None]
    assert [path.rsplit("/", 1)[1] for path in frame[FILE]] == ["0.jsonl", "1.jsonl"]


def test_many_small_files_share_tables(read):
    frame = read(*[f'{{"a": {i}}}\n' for i in range(203)])
    assert frame["a"].to_list() == [str(i) for i in range(203)]
    assert frame.select("a").n_chunks() == 2  # of 200 blocks and of 3


def test_a_file_without_objects_is_refused(tmp_path):
    (tmp_path / "x").write_text("{}\n{}\n")
    with pytest.raises(DataError, match="contains no JSON object"):
        JSON_LINES.layout(str(tmp_path / "x"), b"")
