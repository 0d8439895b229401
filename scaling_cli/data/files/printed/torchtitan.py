"""Text logs of torchtitan: lines of steps, of validations, and of the sizes at the start.

`[rank0]:[titan] 2026-01-01 10:00:00,000 - root - INFO - step: 250  loss:  5.8668  grad_norm:  0.8319  ...`
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, count_tokens, lines, one_model, plain, set_all, text_log

STEP = re.compile(rf"\b(validate )?step:\s*(\d+)\s+loss:\s*({NUMBER})")
RATES = re.compile(rf"\b(grad_norm|tps|tflops|mfu|lr):\s*({NUMBER})")
PARAMS = re.compile(r"\bsize: ([\d,]+) total parameters")
BATCH = re.compile(r"\bglobal batch size (\d+).*?\bsequence length (\d+)")


def read_log(path: str) -> Steps:
    """One row per step with a loss; every rank prints the same one.

    Tokens and params are those that the log prints at the start of training.
    """
    steps: Steps = {}
    per_step, params = None, None
    for line in lines(path):
        if match := STEP.search(line):
            row = steps.setdefault(match[2], {"step": match[2]})
            row["val_loss" if match[1] else "train_loss"] = match[3]
            if not match[1]:
                row |= {name: plain(cell) for name, cell in RATES.findall(line)}
        elif match := PARAMS.search(line):
            params = one_model(path, steps, params, plain(match[1]))
        elif match := BATCH.search(line):
            per_step = int(match[1]) * int(match[2])
    count_tokens(steps, per_step)
    set_all(steps, "params", params)
    return steps


TORCHTITAN = text_log(r"\bstep:\s*\d+\s+loss:\s*[\dn]", read_log)
