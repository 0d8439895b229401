"""The file formats that can be read, tried in this order. A new one is a `Format` in `FORMATS`."""

from __future__ import annotations

from scaling_cli.data.files.delimited import CHART, DELIMITED
from scaling_cli.data.files.format import Format
from scaling_cli.data.files.json_documents import DOCUMENT, TRAINER_STATE
from scaling_cli.data.files.json_lines import JSON_LINES
from scaling_cli.data.files.megatron import MEGATRON
from scaling_cli.data.files.parquet import PARQUET
from scaling_cli.data.files.tensorboard import EVENTS
from scaling_cli.data.names import unknown
from scaling_cli.errors import DataError

FORMATS = (PARQUET, EVENTS, JSON_LINES, TRAINER_STATE, DOCUMENT, MEGATRON, CHART, DELIMITED)


def format_of(path: str, head: bytes) -> Format:
    """The format of a file by its content; its suffix is not trusted."""
    if not head.strip():
        raise DataError(f"{path} is empty.", hint="Check that the job that writes it has finished, or leave it out.")
    return next(kind for kind in FORMATS if kind.recognises(head))


def find_format(name: str) -> Format:
    """The format called `name`; `tsv` is read as `csv` is.

    Raises:
        UsageError: There is none.
    """
    for kind in FORMATS:
        if kind.name == {"tsv": "csv"}.get(name, name):
            return kind
    raise unknown("input format", name, [kind.name for kind in FORMATS])
