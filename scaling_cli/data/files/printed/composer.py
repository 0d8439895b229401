"""Console logs of Composer, which LLM-Foundry trains with: a block of indented lines for each batch and evaluation.

`[batch=250/1000]:`, then `Train time/token: 131072000` and `Train loss/train/total: 5.8668`
`[Eval batch=50/50] Eval on eval data:`, then `Eval metrics/eval/LanguageCrossEntropy: 5.8439`
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, read_blocks, text_log

BATCH = re.compile(r"\[batch=(\d+)(?:/\d+)?\]")
CELL = re.compile(rf"^\s*(?:Train|Eval) ([\w/.-]+): ({NUMBER})\s*$")
EVALUATION = re.compile(r"^metrics/(?!train/)([\w.-]+)/LanguageCrossEntropy$")  # on a set of this name
PARAMS = re.compile(r"\bn_(?:total_)?params: ([\d,]+)")
NAMES = {
    "time/token": "tokens",
    "loss/train/total": "train_loss",
    "metrics/eval/LanguageCrossEntropy": "eval_loss",
}


def read_log(path: str) -> Steps:
    """One row per batch that is printed, with the evaluation that follows it.

    A batch's tokens are those seen before it, for which its loss was measured.
    """
    steps = read_blocks(path, BATCH, CELL, PARAMS, NAMES)
    return {step: {EVALUATION.sub(r"eval/\1/loss", name): row[name] for name in row} for step, row in steps.items()}


COMPOSER = text_log(r"^\s*(?:Train|Eval) (?:loss|metrics)/[\w/.-]+: ", read_log)
