"""Logs of torchtune, on the console and in `log_TIME.txt`: one line of numbers for each step, and no size of the model.

`Step 250 | loss:5.8668 lr:0.0003 tokens_per_second_per_gpu:1234.5 `
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, lines, plain, text_log

STEP = re.compile(r"^(?:.*\s)?Step (\d+) \| (.*)")
CELL = re.compile(rf"([A-Za-z]\w*): ?({NUMBER})(?=\s|$)")


def read_log(path: str) -> Steps:
    """One row per step with its numbers; every rank prints the same ones."""
    steps: Steps = {}
    for line in lines(path):
        if match := STEP.search(line):
            row = steps.setdefault(match[1], {"step": match[1]})
            for name, cell in CELL.findall(match[2]):
                row["train_loss" if name == "loss" else name] = plain(cell)
    return steps


TORCHTUNE = text_log(r"\bStep \d+ \| (?:\w+:\S+ )*(?:val_)?loss:", read_log)
