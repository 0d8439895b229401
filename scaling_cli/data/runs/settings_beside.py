"""Params that stand in the settings of a run, in a file beside its log, as Lightning, Hydra and many scripts write it.

They are read only where no column of several logs is params, and each run has a folder of its own: with one log, or
with several that are not named after runs, such as `metrics.csv` beside events of TensorBoard. Of YAML, nested mappings
of plain values are read. W&B's `config.yaml` beside a summary is read with it (`files.wandb_summary`).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence

import polars as pl

from scaling_cli.data.files.companions import SETTINGS
from scaling_cli.data.files.expand import InputFile, is_generic
from scaling_cli.data.files.format import FILE
from scaling_cli.data.files.inputs import Scan
from scaling_cli.data.files.wandb_summary import settings_of
from scaling_cli.data.runs.aliases import role_of
from scaling_cli.record import replace


def with_settings(scans: Sequence[Scan]) -> list[Scan]:
    """The scans, with a column of the params that settings hold, under the name that they have there."""
    is_table = sum(len(scan.files) for scan in scans) == 1
    if is_table or any(_is_params(name) for scan in scans for name in scan.columns):
        return list(scans)
    files = [file for scan in scans for file in scan.files]
    folders = Counter(os.path.dirname(file.path) for file in files)
    named = {os.path.dirname(file.path) for file in files if not is_generic(file.path)}
    own = {folder for folder, logs in folders.items() if logs == 1 or folder not in named}
    found = {
        file.path: cells
        for scan in scans
        for file in scan.files
        if os.path.dirname(file.path) in own and (cells := _params_beside(file))
    }
    names = list(dict.fromkeys(name for cells in found.values() for name in cells))
    return [_with_columns(scan, names, found) for scan in scans] if names else list(scans)


def _is_params(name: str) -> bool:
    return (place := role_of(name)) is not None and place[0] == "params"


def _params_beside(file: InputFile) -> dict[str, str | None]:
    """The params in the first file of settings in the folder of a log that has them."""
    if file.temporary is not None:  # a copy of a pipe or of a packed file, which lies elsewhere
        return {}
    for name in SETTINGS:
        cells = settings_of(os.path.join(os.path.dirname(file.path), name))
        if found := {name: cell for name, cell in cells.items() if _is_params(name)}:
            return found
    return {}


def _with_columns(scan: Scan, names: Sequence[str], found: dict[str, dict[str, str | None]]) -> Scan:
    paths = [file.path for file in scan.files]
    columns = [
        pl.col(FILE)
        .replace_strict(
            paths,
            pl.Series([found.get(path, {}).get(name) for path in paths], dtype=pl.String),
            return_dtype=pl.String,
        )
        .alias(name)
        for name in names
    ]
    return replace(scan, rows=scan.rows.with_columns(columns), columns=(*scan.columns, *names))
