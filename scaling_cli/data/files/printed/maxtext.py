"""Console logs of MaxText: a line for each step, with the tokens of its batch, and one for each evaluation.

`completed step: 249, seconds: 1.234, TFLOP/s/device: 123.4, Tokens/s/device: 4096.0, total_weights: 65536, loss: 5.867`
`eval metrics after step: 249, loss=5.844, total_weights=65536.0`
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, lines, one_model, plain, set_all, text_log

STEP = re.compile(rf"\bcompleted step: (\d+), .*?\btotal_weights: (\d+), loss: ({NUMBER})")
EVALUATION = re.compile(rf"\beval metrics after step: (\d+), loss=({NUMBER})")
PARAMS = re.compile(r"\bnumber parameters: (\d+\.\d+) billion")
EXACT = 0.01  # in billions: three decimals are printed, so of smaller models only one digit is known


def read_log(path: str) -> Steps:
    """One row per step, with the tokens of all batches up to it where every step is printed or all batches are equal.

    Params are those that the log prints at the start, unless they are so few that it rounds most digits away.
    """
    steps: Steps = {}
    batches: dict[int, int] = {}
    params = None
    for line in lines(path):
        if match := STEP.search(line):
            steps.setdefault(match[1], {"step": match[1]})["train_loss"] = match[3]
            batches[int(match[1])] = int(match[2])
        elif match := EVALUATION.search(line):
            steps.setdefault(match[1], {"step": match[1]})["val_loss"] = plain(match[2])
        elif (match := PARAMS.search(line)) and float(match[1]) >= EXACT:
            params = one_model(path, steps, params, f"{match[1]}B")
    for step, tokens in _tokens(batches).items():
        steps.setdefault(str(step), {"step": str(step)})["tokens"] = str(tokens)
    set_all(steps, "params", params)
    return steps


def _tokens(batches: dict[int, int]) -> dict[int, int]:
    """Tokens up to each step, the first of which has the number 0; empty where they are not known."""
    if len(set(batches.values())) == 1:
        return {step: (step + 1) * tokens for step, tokens in batches.items()}
    if not batches or len(batches) <= max(batches):
        return {}
    sums, total = {}, 0
    for step in sorted(batches):
        total += batches[step]
        sums[step] = total
    return sums


MAXTEXT = text_log(r"\bcompleted step: \d+, .*\btotal_weights: \d+, loss: ", read_log)
