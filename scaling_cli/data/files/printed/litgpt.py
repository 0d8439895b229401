"""Console logs of LitGPT, whose iterations are micro batches: one optimizer step has several.

`Epoch 1 | iter 400 step 100 | loss train: 5.867, val: n/a | iter time: 300.12 ms (step) remaining time: 1:02:03`
`iter 400: val loss 5.8439, val time: 12345.67 ms`, and at the end `Final evaluation | val loss: 5.812 | ...`
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, lines, one_model, plain, set_all, text_log

ITERATION = re.compile(rf"\bEpoch \d+ \| iter (\d+) step (\d+) \| loss train: ({NUMBER})")
VALIDATION = re.compile(rf"\biter (\d+): val loss ({NUMBER})")
LAST = re.compile(rf"\bFinal evaluation \| val loss: ({NUMBER})")
PARAMS = re.compile(r"\bTotal parameters: ([\d,]+)")


def read_log(path: str) -> Steps:
    """One row per iteration that is printed, with its optimizer step."""
    rows: Steps = {}
    params, now, per_step = None, None, 0
    for line in lines(path):
        if match := ITERATION.search(line):
            now, step = match[1], int(match[2])
            rows.setdefault(now, {}).update(step=match[2], train_loss=match[3])
            per_step = round(int(now) / step) if step else per_step
        elif match := VALIDATION.search(line):
            now = match[1]
            rows.setdefault(now, {})["val_loss"] = match[2]
        elif (match := LAST.search(line)) and now is not None:
            rows[now]["val_loss"] = match[1]
        elif match := PARAMS.search(line):
            params = one_model(path, rows, params, plain(match[1]))
    for iteration, row in rows.items():
        if per_step:
            row.setdefault("step", str(int(iteration) // per_step))
    set_all(rows, "params", params)
    return rows


LITGPT = text_log(r"\bEpoch \d+ \| iter \d+ step \d+ \| loss train: ", read_log)
