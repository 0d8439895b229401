"""Text logs of llm.c: its `main.log` and its console.

`s:250 trl:5.8668 lr:0.000600 norm:0.35` and `s:250 tel:5.8439`
`step  250/18865 | loss 5.866800 (+0.11z)| norm 0.3500 (-0.20z)| lr 6.00e-04 | ...` and `val loss 5.843900`
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, count_tokens, lines, one_model, plain, set_all, text_log

FIELDS = re.compile(rf"^s:(\d+) ((?:trl|tel|eval):{NUMBER}.*)")
FIELD = re.compile(rf"(\w+):({NUMBER})")
NAMES = {"trl": "train_loss", "tel": "val_loss", "eval": "hellaswag", "lr": "lr", "norm": "norm"}
STEP = re.compile(rf"\bstep\s+(\d+)/\d+ \| (?:train )?loss ({NUMBER})")
VALIDATION = re.compile(rf"^val loss ({NUMBER})")
TOKENS = re.compile(r"\btotal_batch_size=([\d,]+)|\btotal batch size\s*\|\s*([\d,]+)")
PARAMS = re.compile(r"\bnum_parameters(?::|\s*\|)\s*([\d,]+)")


def read_log(path: str) -> Steps:
    """One row per step with a loss; tokens and params where the log prints the batch size and the params."""
    steps: Steps = {}
    per_step, params, last = None, None, "0"
    for line in lines(path):
        if match := FIELDS.match(line):
            row = steps.setdefault(match[1], {"step": match[1]})
            row |= {NAMES.get(name, name): cell for name, cell in FIELD.findall(match[2])}
        elif match := STEP.search(line):
            last = match[1]
            steps.setdefault(last, {"step": last})["train_loss"] = match[2]
        elif match := VALIDATION.match(line):
            steps.setdefault(last, {"step": last})["val_loss"] = match[1]
        elif match := TOKENS.search(line):
            per_step = int(plain(match[1] or match[2]))
        elif match := PARAMS.search(line):
            params = one_model(path, steps, params, plain(match[1]))
    count_tokens(steps, per_step)
    set_all(steps, "params", params)
    return steps


LLMC = text_log(r"^s:\d+ (?:trl|tel|eval):|\bstep\s+\d+/\d+ \| (?:train )?loss ", read_log)
