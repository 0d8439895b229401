"""JSON objects behind something else on their lines, as loggers print them and as `srun --label` stores them.

`2026-01-01 10:00:00,123 INFO {"step": 250, "val_loss": 5.8439}`, and from each of several tasks
`3: {"step": 250, "val_loss": 5.8439}` or `[rank3]: {"step": 250, "val_loss": 5.8439}`
"""

from __future__ import annotations

import json
import re

from scaling_cli.data.files.json_runs import flattened
from scaling_cli.data.files.text_logs import Steps, lines, text_log

LINE = re.compile(r"^([^{\t]*\s)(\{\".*\})\s*$")
RANK = re.compile(r"^\s*(?:(\d+): |\[rank(\d+)\])")
RANK_NAME = "rank"  # the column of the task that printed a line, where several did


def read_log(path: str) -> Steps:
    """One row per object, with the task that printed it if there are several."""
    rows: Steps = {}
    for place, line in enumerate(lines(path)):
        if not (match := LINE.match(line)):
            continue
        try:
            cells = flattened(json.loads(match[2]))
        except (ValueError, RecursionError):
            continue
        if task := RANK.match(match[1]):
            cells.setdefault(RANK_NAME, task[1] or task[2])
        rows[str(place)] = cells
    if len({row.get(RANK_NAME) for row in rows.values()}) < 2:
        for row in rows.values():
            row.pop(RANK_NAME, None)
    return rows


OBJECTS_IN_TEXT = text_log(r"^[^{\t\n]*\s\{\"\w[^\n]*loss\w*\": ?[^\n]*\}\r?$", read_log)
