"""Text logs of Megatron-LM and GPT-NeoX: lines of iterations, of validations, and the arguments printed at the start.

` iteration 100/ 5000 | consumed samples: 25600 | ... | lm loss: 5.2E+00 | ...`
` validation loss at iteration 1000 | lm loss value: 2.9E+00 | lm loss PPL: 1.8E+01 |`
` validation loss at iteration 1000 on test set | lm loss value: 3.2E+00 | lm loss PPL: 2.4E+01 |`
` samples/sec: 12.345 | iteration 100/ 5000 | learning rate: 6.0E-04 | ... | lm_loss: 5.2E+00 | ...`
` validation results at iteration 1000 | lm_loss value: 2.9E+00 | lm_loss_ppl value: 1.8E+01 |`
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scaling_cli.data.files.format import Row, line_blocks, whole_files
from scaling_cli.data.files.text_logs import one_model
from scaling_cli.errors import DataError

ITERATION = re.compile(r"\biteration\s+(\d+)\s*(?:\[\s*\d+\s*\]\s*)?/\s*\d+\s*\|(.*)")
EVALUATION = re.compile(r"\b(validation|test) (?:loss|results) at iteration\s+(\d+)([^|]*)\|(.*)")
TEST_SET = re.compile(r"\bon\s+test\b", re.IGNORECASE)  # after training, the same words introduce the test loss
FIELD = re.compile(r"\s*([^|:]+?)\s*:\s*([^|\s]+)\s*(?:\||$)")
SHARDS = (
    "tensor_model_parallel_size",
    "pipeline_model_parallel_size",
    "model_parallel_size",
    "pipe_parallel_size",
)
ARGUMENT = re.compile(rf"\s(seq_length|train_batch_size|{'|'.join(SHARDS)})\s*\.{{3,}}\s*(\d+)(?:\.{{3,}}[a-z]+)?\s*$")
PARAMS = re.compile(r"number of parameters on \(tensor, pipeline\) model parallel rank \((\d+), (\d+)\):\s*(\d+)")
PARAMS_OF_SLICE = re.compile(r"number of parameters on model parallel rank (\d+):\s*(\d+)")
PARAMS_OF_ALL = re.compile(r"\bUNIQUE_PARAMS=(\d+)")  # of all ranks, with tied ones once, as DeepSpeed prints them
LOSSES = ("lm loss", "lm_loss")
MARK = re.compile(rb"consumed samples:|seq_length \.\.\.\.|\biteration\s+\d+\s*(?:\[\s*\d+\s*\]\s*)?/\s*\d+\s*\|")


class _Start:
    """What a log prints before training: arguments, and the params of each rank by slice and stage, or of all."""

    def __init__(self) -> None:
        self.arguments: dict[str, int] = {}
        self.ranks: dict[tuple[str, str], int] = {}
        self.params: int | None = None

    def note(self, line: str, path: str, steps: Mapping[str, object]) -> None:
        if match := ARGUMENT.search(line):
            self.arguments[match[1]] = int(match[2])
        elif match := PARAMS.search(line):
            self._add(path, steps, (match[1], match[2]), match[3])
        elif match := PARAMS_OF_SLICE.search(line):
            self._add(path, steps, (match[1], "0"), match[2])
        elif match := PARAMS_OF_ALL.search(line):
            known = None if self.params is None else str(self.params)
            self.params = int(one_model(path, steps, known, match[1]))

    def _add(self, path: str, steps: Mapping[str, object], rank: tuple[str, str], params: str) -> None:
        known = str(self.ranks[rank]) if rank in self.ranks else None
        self.ranks[rank] = int(one_model(path, steps, known, params))

    def size(self) -> int | None:
        """Params of the model, if the log has those of all ranks."""
        shards = 1
        for name in SHARDS:
            shards *= max(1, self.arguments.get(name, 1))  # GPT-NeoX writes 0 for no pipeline
        return self.params or (sum(self.ranks.values()) if len(self.ranks) == shards else None)

    def tokens(self, row: Mapping[str, str | None]) -> int | None:
        """Tokens up to an iteration: as printed, or samples or iterations of a fixed batch by the sequence length."""
        length, batch = self.arguments.get("seq_length"), self.arguments.get("train_batch_size")
        samples, step = row.get("consumed samples"), row.get("step")
        if (tokens := row.get("consumed tokens")) is not None and tokens.isdigit():
            return int(tokens)  # of sequences that may be shorter than `seq_length` at first
        if length is None:
            return None
        if samples is not None and samples.isdigit():
            return int(samples) * length
        return int(step) * batch * length if samples is None and batch is not None and step is not None else None


def read_log(path: str) -> list[Row]:
    """One row per iteration, with its validation loss and its test loss if it has one; tokens and params if printed.

    Raises:
        DataError: The log has no iteration yet.
    """
    steps: dict[str, dict[str, str | None]] = {}
    start = _Start()
    for block in line_blocks(path):
        for line in block.decode(errors="replace").splitlines():
            if match := ITERATION.search(line):
                fields = dict(FIELD.findall(match[2]))
                row = steps.setdefault(match[1], {"step": match[1]})
                row |= {name if name not in LOSSES else "train_loss": cell for name, cell in fields.items()}
            elif match := EVALUATION.search(line):
                fields = dict(FIELD.findall(match[4]))
                name = "test_loss" if match[1] == "test" or TEST_SET.search(match[3]) else "val_loss"
                values = [fields[f"{loss} value"] for loss in LOSSES if f"{loss} value" in fields]
                steps.setdefault(match[2], {"step": match[2]})[name] = values[0] if values else None
            else:
                start.note(line, path, steps)
    if not steps:
        raise DataError(
            f"{path} has no lines that report iterations.", hint="Check that training has started, or leave it out."
        )
    _add_size(steps, start)
    return list(steps.values())


def _add_size(steps: dict[str, dict[str, str | None]], start: _Start) -> None:
    params = start.size()
    for row in steps.values():
        if (tokens := start.tokens(row)) is not None:
            row["tokens"] = str(tokens)
        if params is not None:
            row["params"] = str(params)


MEGATRON = whole_files(lambda head: MARK.search(head) is not None, read_log, one_run=True)
