"""Text logs of nanoGPT and programs derived from it, on the console and in `log.txt`.

`iter 50: loss 8.1382, time 1099.34ms, mfu 15.34%` and `step 250: train loss 5.8668, val loss 5.8439`
`step:250/1750 val_loss:4.2210 train_time:35000ms`, and lines such as `250 val 5.8439`
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, count_tokens, lines, one_model, plain, set_all, text_log

ITERATION = re.compile(rf"\biter (\d+): loss ({NUMBER})")
EVALUATION = re.compile(rf"\bstep (\d+): train loss ({NUMBER}), val loss ({NUMBER})")
SPEEDRUN = re.compile(rf"\bstep:(\d+)/\d+ (train|val)_loss:({NUMBER})")
SHORT = re.compile(rf"^(\d+) (train|val) ({NUMBER})$")
TOKENS = re.compile(r"tokens per iteration will be: ([\d,]+)")
PARAMS = re.compile(r"number of parameters: ([\d.,]+\s?[KMBT]?)\b")
MARK = (
    r"\biter \d+: loss |\bstep \d+: train loss \S+, val loss |\bstep:\d+/\d+ (?:train|val)_loss:"
    r"|^\d+ (?:train|val) \d+\.\d+\r?$"
)


def read_log(path: str) -> Steps:
    """One row per step with a loss; tokens and params where the log prints tokens per iteration and params."""
    steps: Steps = {}
    per_step, params = None, None
    for line in lines(path):
        if match := EVALUATION.search(line):
            steps.setdefault(match[1], {"step": match[1]}).update(train_loss=match[2], val_loss=match[3])
        elif match := ITERATION.search(line):
            steps.setdefault(match[1], {"step": match[1]}).setdefault("train_loss", match[2])
        elif match := SPEEDRUN.search(line) or SHORT.match(line):
            steps.setdefault(match[1], {"step": match[1]})[f"{match[2]}_loss"] = match[3]
        elif match := TOKENS.search(line):
            per_step = int(plain(match[1]))
        elif match := PARAMS.search(line):
            params = one_model(path, steps, params, plain(match[1]))
    count_tokens(steps, per_step)
    set_all(steps, "params", params)
    return steps


NANOGPT = text_log(MARK, read_log)
