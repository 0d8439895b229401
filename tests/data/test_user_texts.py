"""Small files that users write: those that cannot be opened or are no text are named."""

from __future__ import annotations

import pytest

from scaling_cli.analysis.forecast.suite import read_suite
from scaling_cli.analysis.plan.limits import parse_sizes
from scaling_cli.analysis.recipe import read_rules
from scaling_cli.data.user_texts import read_user_text
from scaling_cli.errors import DataError


@pytest.mark.parametrize("read", [read_suite, read_rules, lambda path: read_user_text(path, "")])
def test_a_file_that_cannot_be_opened_is_named(tmp_path, read):
    with pytest.raises(DataError, match=r"none\.txt cannot be read: No such file or directory") as caught:
        read(str(tmp_path / "none.txt"))
    assert caught.value.hint == "Check the path."


@pytest.mark.parametrize("read", [read_suite, read_rules, lambda path: parse_sizes([path])])
def test_a_file_that_is_no_text_is_named_with_what_to_write(tmp_path, read):
    (tmp_path / "bytes.txt").write_bytes(b"width = 3 \xff")
    with pytest.raises(DataError, match=r"bytes\.txt cannot be read: 'utf-8' codec") as caught:
        read(str(tmp_path / "bytes.txt"))
    assert caught.value.hint not in ("", "Check the path.")
