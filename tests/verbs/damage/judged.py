"""Whether the answer to damaged runs is right, has a caveat that tells of the damage, or is wrong in silence."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import scaling_cli as scaling
from scaling_cli.caveats import Caveat
from scaling_cli.errors import ScalingError
from tests.verbs.damage.known import Logs, Way, best_params, law_of

FAR = 4.0  # standard errors
WIDTH = 3.92  # of a 95 % interval, in standard errors
REPLICATES = 100
AVERAGED = {"auto", "chinchilla", "power-constant"}  # laws that a forecast averages by itself
SAME = 1e-9  # relative, or absolute near zero: rounding


@dataclass(frozen=True)
class Verdict:
    """What came of one draw: `outcome` is right, caveat, refused or silent; `is_named` says if a caveat names it."""

    outcome: str
    account: str
    is_named: bool = True

    @property
    def answered(self) -> bool:
        return self.outcome in {"right", "caveat"}


def drawn(way: Way, seed: int) -> Logs:
    """The damaged log of a seed; odd seeds are of the stronger damage."""
    return way.make(np.random.default_rng([seed, zlib.crc32(way.name.encode())]), bool(seed % 2))


def written(logs: Logs, folder: Path, seed: int) -> list[str]:
    """The paths of the log; its tables are written as CSV or as JSON lines, its texts as they are."""
    paths = []
    for name, table in logs.tables.items():
        if isinstance(table, str):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(table)
        else:
            path = folder / f"{name}.{('csv', 'jsonl')[seed // 2 % 2]}"
            if path.suffix == ".csv":
                table.write_csv(path)
            else:  # polars would write null for NaN, which Python writes as it is
                path.write_text("".join(f"{json.dumps(row)}\n" for row in table.iter_rows(named=True)))
        paths.append(str(path))
    return paths if logs.given is None else [str(folder / logs.given)]


def judge(way: Way, seed: int, folder: Path, verb: str = "fit") -> Verdict:
    """Ask one command about one draw of damaged runs, and judge the answer."""
    logs = drawn(way, seed)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        report = ask(verb, way, logs, written(logs, folder, seed))
    except ScalingError as error:
        said = f"{error.message} {error.hint}"
        is_named = way.refusal is not None and re.search(way.refusal, said, re.IGNORECASE)
        is_named = is_named or bool(telling(way, error.caveats))
        return Verdict("refused" if is_named else "silent", said)
    named = telling(way, report.caveats)
    wrong = list(WRONG[verb](report, logs))
    codes = ", ".join(sorted({caveat.code for caveat in report.caveats})) or "none"
    account = f"{'; '.join(wrong)} | caveats: {codes}"
    if not wrong:
        return Verdict("right", account, is_named=bool(named))
    return Verdict("caveat" if named else "silent", account)


def telling(way: Way, caveats: Sequence[Caveat]) -> set[str]:
    """The codes of the caveats that tell of the damage."""
    return {caveat.code for caveat in caveats if re.search(way.says, caveat.message)} & way.codes


def ask(verb: str, way: Way, logs: Logs, paths: list[str]) -> scaling.Answer:
    """The report of a command, with the options of the way."""
    asked = dict(way.asked) | dict(way.asked_of.get(verb, {}))
    if verb == "fit":
        return scaling.fit(paths, interval="wild", replicates=REPLICATES, **asked)
    if verb == "extrapolate":
        if asked.get("law") in AVERAGED:
            del asked["law"]
        at = ",".join(f"{role}={amount!r}" for role, amount in logs.target.items())
        return scaling.extrapolate(paths, **({"at": at, "replicates": REPLICATES} | asked))
    if asked.get("law") == "auto":
        del asked["law"]
    return scaling.optimal_allocation(paths, **({"budget": logs.budget, "replicates": REPLICATES} | asked))


def wrong_parameters(report: scaling.Answer, logs: Logs) -> Iterable[str]:
    """The parameters that are more than `FAR` standard errors from the truth."""
    if not report.results:
        yield "nothing was fitted"
    for result in report.results:
        for name in {"alpha", "beta", "E", "b", "c"} & logs.truth.keys():
            estimate = result.parameters.get(name)
            if estimate is None:
                yield f"{result.law} has no {name}"
            else:
                yield from off(name, estimate, logs.truth[name])


def wrong_forecasts(report: scaling.Answer, logs: Logs) -> Iterable[str]:
    """The forecasts that are more than `FAR` standard errors from the truth."""
    if not report.results:
        yield "nothing was forecast"
    for result in report.results:
        for prediction in result.predictions:
            yield from off("loss", prediction.loss, float(law_of(logs.truth, prediction.at)))


def wrong_allocations(report: scaling.Answer, logs: Logs) -> Iterable[str]:
    """The splits that are more than `FAR` standard errors from the best params, tokens and loss."""
    if not report.results:
        yield "nothing was allocated"
    for result in report.results:
        for split in result.allocations:
            assert split.compute is not None
            params = best_params(logs.truth, split.compute)
            at = {"params": params, "tokens": split.compute / 6 / params}
            yield from off("params", split.params, params, in_logs=True)
            yield from off("tokens", split.tokens, at["tokens"], in_logs=True)
            yield from off("loss", split.loss, float(law_of(logs.truth, at)))


WRONG = {"fit": wrong_parameters, "extrapolate": wrong_forecasts, "optimal-allocation": wrong_allocations}


def off(name: str, found: object, truth: float, *, in_logs: bool = False) -> Iterable[str]:
    """What is wrong with an estimate, if it is too far from the truth for its interval."""
    estimate, low, high = (getattr(found, end) for end in ("estimate", "low", "high"))
    if estimate is None:
        yield f"{name} has no number"
    if estimate is None or low is None or high is None:
        return
    scale = np.log if in_logs else np.asarray
    error = float(scale(high) - scale(low)) / WIDTH
    distance = abs(float(scale(estimate) - scale(truth)))
    if not distance <= FAR * error + SAME:
        yield f"{name} {estimate:.4g} ± {error:.2g} but {truth:.4g}"
