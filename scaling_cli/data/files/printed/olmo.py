"""Console logs of OLMo: a block of indented lines for each step and evaluation.

`... INFO [step=250/1000,epoch=0]`, then `    train/CrossEntropyLoss=5.867` and `    throughput/total_tokens=131,072`,
and after an evaluation `    eval/c4/CrossEntropyLoss=5.844`. The model prints `Total number of parameters: 10,000,000`.
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, read_blocks, text_log

STEP = re.compile(r"\[step=(\d+)(?:/\d+)?(?:,epoch=\d+)?\]")
CELL = re.compile(rf"^\s+([A-Za-z][\w./ ()-]*)=({NUMBER})\s*$")
PARAMS = re.compile(r"\bTotal number of parameters: ([\d,]+)")


def read_log(path: str) -> Steps:
    """One row per step that is printed, with the evaluations that follow it."""
    return read_blocks(path, STEP, CELL, PARAMS)


OLMO = text_log(r"^ +(?:train|eval)/[\w./ -]+=[\d.]", read_log)
