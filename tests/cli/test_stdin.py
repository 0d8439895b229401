"""Logs piped in, through a real shell."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import numpy as np
import pytest

from tests import ROOT
from tests.grids import one_in

FIT = f"{sys.executable} -m scaling_cli fit - --interval none --json"


@pytest.fixture
def folder(tmp_path):
    x = np.geomspace(1e17, 1e22, 12)
    rows = [(a, b) for a, b in zip(x.tolist(), (1.5 + 30 * x**-0.06).tolist(), strict=True)]
    table = "compute,loss\n" + "".join(f"{a!r},{b!r}\n" for a, b in rows)
    lines = "".join(json.dumps({"compute": a, "loss": b}) + "\n" for a, b in rows)
    (tmp_path / "runs.csv").write_text(table)
    (tmp_path / "runs.csv.gz").write_bytes(gzip.compress(table.encode()))
    (tmp_path / "logs.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    return tmp_path


@pytest.mark.parametrize(
    "command",
    one_in(
        2,
        [
            f"cat '{{0}}/runs.csv' | {FIT}",
            f"{FIT} < '{{0}}/runs.csv'",
            f"cat '{{0}}/runs.csv.gz' | {FIT}",
            f"zcat '{{0}}/logs.jsonl.gz' | {FIT} --input-format jsonl",
            f"zcat '{{0}}/logs.jsonl.gz' | {FIT}",
            f"cat '{{0}}/logs.jsonl.gz' | {FIT} --input-format jsonl",
        ],
        name=lambda command: command.replace(sys.executable, "python"),
    ),
)
def test_logs_of_any_packing_can_be_piped_in(folder, command):
    ran = subprocess.run(command.format(folder), shell=True, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert document["inputs"][0]["path"] == "-"
    assert document["inputs"][0]["rows"] == 12
    assert document["results"][0]["parameters"]["c"]["estimate"] == pytest.approx(1.5, rel=1e-5)


def test_an_empty_pipe_is_a_data_error():
    ran = subprocess.run(f"true | {FIT}", shell=True, capture_output=True, text=True, cwd=ROOT)
    assert ran.returncode == 3
    assert ran.stderr.startswith("error: standard input is empty.\nhint: ")
