"""Megatron-LM text logs: lines of iterations, lines of validations, and the arguments printed at the start.

` iteration 100/ 5000 | consumed samples: 25600 | ... | lm loss: 5.2E+00 | ...`
` validation loss at iteration 1000 | lm loss value: 2.9E+00 | lm loss PPL: 1.8E+01 |`
` validation loss at iteration 1000 on test set | lm loss value: 3.2E+00 | lm loss PPL: 2.4E+01 |`
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import polars as pl

from scaling_cli.data.files.format import Format, Row, line_blocks, scan_rows
from scaling_cli.errors import DataError

ITERATION = re.compile(r"\biteration\s+(\d+)\s*/\s*\d+\s*\|(.*)")
VALIDATION = re.compile(r"\bvalidation loss at iteration\s+(\d+)([^|]*)\|(.*)")
TEST_SET = re.compile(r"\bon\s+test\b", re.IGNORECASE)  # after training, the same words introduce the test loss
FIELD = re.compile(r"\s*([^|:]+?)\s*:\s*([^|\s]+)\s*(?:\||$)")
ARGUMENT = re.compile(r"\s(seq_length|tensor_model_parallel_size|pipeline_model_parallel_size)\s*\.{3,}\s*(\d+)\s*$")
PARAMS = re.compile(r"number of parameters on \(tensor, pipeline\) model parallel rank \((\d+), (\d+)\):\s*(\d+)")
LOSS = "lm loss"
MARK = re.compile(rb"consumed samples:|seq_length \.\.\.\.|\biteration\s+\d+\s*/\s*\d+\s*\|")


def read_log(path: str) -> list[Row]:
    """One row per iteration, with its validation loss and its test loss if it has one.

    If the log prints samples and the sequence length, their product is tokens. If it prints the params of all ranks,
    their sum is params.

    Raises:
        DataError: The log has no iteration yet.
    """
    steps: dict[str, dict[str, str | None]] = {}
    arguments: dict[str, int] = {}
    ranks: dict[tuple[str, str], int] = {}
    for block in line_blocks(path):
        for line in block.decode(errors="replace").splitlines():
            if match := ITERATION.search(line):
                fields = dict(FIELD.findall(match[2]))
                row = steps.setdefault(match[1], {"step": match[1]})
                row |= {name if name != LOSS else "train_loss": cell for name, cell in fields.items()}
            elif match := VALIDATION.search(line):
                fields = dict(FIELD.findall(match[3]))
                name = "test_loss" if TEST_SET.search(match[2]) else "val_loss"
                steps.setdefault(match[1], {"step": match[1]})[name] = fields.get(f"{LOSS} value")
            elif match := ARGUMENT.search(line):
                arguments[match[1]] = int(match[2])
            elif match := PARAMS.search(line):
                ranks[match[1], match[2]] = int(match[3])
    if not steps:
        raise DataError(
            f"{path} has no lines that report iterations.", hint="Check that training has started, or leave it out."
        )
    _add_size(steps, arguments, ranks)
    return list(steps.values())


def _add_size(
    steps: dict[str, dict[str, str | None]], arguments: dict[str, int], ranks: dict[tuple[str, str], int]
) -> None:
    shards = arguments.get("tensor_model_parallel_size", 1) * arguments.get("pipeline_model_parallel_size", 1)
    length = arguments.get("seq_length")
    for row in steps.values():
        samples = row.get("consumed samples")
        if length is not None and samples is not None and samples.isdigit():
            row["tokens"] = str(int(samples) * length)
        if len(ranks) == shards:
            row["params"] = str(sum(ranks.values()))


def _layout(path: str, head: bytes) -> str:
    read_log(path)
    return ""


def _scan(paths: Sequence[str], layout: str) -> pl.LazyFrame:
    return scan_rows(paths, read_log)


MEGATRON = Format(lambda head: MARK.search(head) is not None, _layout, _scan, one_run=True)
