"""Every report in every format, for the tests of views."""

from __future__ import annotations

from collections.abc import Iterable

from scaling_cli.options.formats import FORMATS
from tests.grids import one_of_each


def in_every_format(names: Iterable[str]) -> list:
    """Each report with each format; of the slow pages, that of hostile names and one other are fast."""
    return one_of_each(
        [(name, format) for name in names for format in FORMATS],
        name="{}-{}".format,
        kind=lambda name, format: "a page of good names" if format == "html" and name != "bad" else (name, format),
    )
