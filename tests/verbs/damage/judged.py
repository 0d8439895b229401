"""Whether the answer to damaged runs is right, has a caveat that tells of the damage, or is wrong in silence."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import scaling_cli as scaling
from scaling_cli.errors import ScalingError
from tests.verbs.damage.known import Logs, Way

FAR = 4.0  # standard errors


@dataclass(frozen=True)
class Verdict:
    """What came of one draw: `outcome` is right, caveat, refused or silent."""

    outcome: str
    account: str

    @property
    def answered(self) -> bool:
        return self.outcome in {"right", "caveat"}


def drawn(way: Way, seed: int) -> Logs:
    """The damaged log of a seed; odd seeds are of the stronger damage."""
    return way.make(np.random.default_rng([seed, zlib.crc32(way.name.encode())]), bool(seed % 2))


def written(logs: Logs, folder: Path, seed: int) -> list[str]:
    """The paths of the log as CSV or as JSON lines."""
    paths = []
    for name, table in logs.tables.items():
        path = folder / f"{name}.{('csv', 'jsonl')[seed // 2 % 2]}"
        (table.write_csv if path.suffix == ".csv" else table.write_ndjson)(path)
        paths.append(str(path))
    return paths


def judge(way: Way, seed: int, folder: Path) -> Verdict:
    """Fit one draw of damaged runs and judge the answer."""
    logs = drawn(way, seed)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        report = scaling.fit(written(logs, folder, seed), interval="wild", replicates=100, **way.asked)
    except ScalingError as error:
        said = f"{error.message} {error.hint}"
        is_named = way.refusal is not None and re.search(way.refusal, said, re.IGNORECASE)
        return Verdict("refused" if is_named else "silent", said)
    found = {caveat.code for caveat in report.caveats}
    wrong = _wrong(report, logs)
    account = f"{'; '.join(wrong)} | caveats: {', '.join(sorted(found)) or 'none'}"
    if not wrong:
        return Verdict("right", account)
    return Verdict("caveat" if found & way.codes else "silent", account)


def _wrong(report: scaling.Answer, logs: Logs) -> list[str]:
    """The parameters that are more than `FAR` standard errors from the truth."""
    wrong = [] if report.results else ["nothing was fitted"]
    for result in report.results:
        for name in {"alpha", "beta", "E", "b", "c"} & logs.truth.keys():
            estimate = result.parameters.get(name)
            if estimate is None:
                wrong.append(f"{result.law} has no {name}")
                continue
            error = (estimate.high - estimate.low) / 3.92
            if not abs(estimate.estimate - logs.truth[name]) <= FAR * error:
                wrong.append(f"{name} {estimate.estimate:.4g} ± {error:.2g} but {logs.truth[name]:.4g}")
    return wrong
