"""What the Hugging Face Trainer prints: a Python dictionary for each logging step and each evaluation.

`{'loss': 8.1382, 'grad_norm': 0.51, 'learning_rate': 0.0003, 'epoch': 0.05}`
`{'eval_loss': 5.8439, 'eval_runtime': 3.1, 'epoch': 0.25}`
"""

from __future__ import annotations

import re

from scaling_cli.data.files.text_logs import NUMBER, Steps, lines, one_model, plain, set_all, text_log

ENTRY = re.compile(r"\{'[\w/.-]+': .*'epoch': .*\}")
CELL = re.compile(rf"'([\w/.-]+)': '?({NUMBER})'?")
PROGRESS = re.compile(r"\b(\d+)/\d+ \[\d+:\d\d")
PARAMS = re.compile(r"Number of trainable parameters = ([\d,]+)")
SUMMARY = "train_runtime"  # in the last entry, whose train_loss is the mean over the run


def read_log(path: str) -> Steps:
    """One row per epoch that is printed, with the step of the progress bar before it, if every row has one.

    The Trainer does not print the step in the dictionaries. An epoch is not taken for a step: it only orders the rows.
    """
    rows: Steps = {}
    bars: dict[str, str] = {}
    bar, params = None, None
    for line in lines(path):
        if match := PROGRESS.search(line):
            bar = match[1]
        if match := ENTRY.search(line):
            cells = dict(CELL.findall(match[0]))
            epoch = _in_one_form(cells.get("epoch", match[0]))
            row = rows.setdefault(epoch, {})
            row |= {name: cell for name, cell in cells.items() if not (SUMMARY in cells and name == "train_loss")}
            if bar is not None and "loss" in cells:
                bars[epoch] = bar
        elif match := PARAMS.search(line):
            params = one_model(path, rows, params, plain(match[1]))
    trained = [epoch for epoch, row in rows.items() if "loss" in row]
    if trained and len(set(bars.values())) == len(trained):
        for epoch, row in rows.items():
            row["step"] = bars.get(epoch)
    set_all(rows, "params", params)
    return rows


def _in_one_form(epoch: str) -> str:
    """The epoch as a key, since the last entry may write 1.0 for 1.00; what is no number stays as it is."""
    try:
        return str(float(epoch))
    except ValueError:
        return epoch


CONSOLE = text_log(r"\{'(?:\w+_)?loss': .*'epoch': ", read_log)
