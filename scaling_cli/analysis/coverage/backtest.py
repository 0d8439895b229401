"""The track record of laws on the user's log: fit to some of the attempts, compare with the coverage of all of them.

The attempts to fit to are drawn without replacement, so the number of successes is hypergeometric, which is exact for
attempts in any order. If sampling stopped at a success, the log is cut at fewer attempts instead, since it could only
have stopped earlier in one way.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.coverage.combined import COMBINES, combine
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.laws import fit_laws
from scaling_cli.analysis.coverage.printed import COMBINED
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.counts import Array, Counts, make_counts
from scaling_cli.record import replace
from scaling_cli.results.coverage import Backtest

FRACTIONS = (2, 8, 32)
SHORT_RECORD = 8  # the fraction that is always tried
SAMPLES, FEW_SAMPLES = 10, 5
FEWEST_ATTEMPTS = 4  # to fit to
LARGEST_ERROR = 0.05  # in coverage, from which a record is called poor
STREAM = 1  # part of the seed: these draws differ from those of the bootstrap


def backtest(data: Sampled, names: Sequence[str], *, is_full: bool) -> list[Backtest]:
    """The errors of each law and of the combined forecast, from one fraction of the attempts or, if full, several."""
    rows = []
    for fraction in FRACTIONS if is_full else (SHORT_RECORD,):
        trained = data.longest // fraction
        if data.batch is not None:
            trained -= trained % data.batch
        if trained >= FEWEST_ATTEMPTS:
            rows += _at(data, names, trained, SAMPLES if is_full else FEW_SAMPLES)
    return rows


def _at(data: Sampled, names: Sequence[str], trained: int, samples: int) -> list[Backtest]:
    held_out = data.longest
    truth = float(data.coverage(np.array([held_out]))[0])
    parts = _parts(data, trained, samples)
    errors: dict[str, list[float]] = {name: [] for name in names}
    combines = set(names) >= COMBINES
    for counts in parts:
        part = Sampled(counts, data.batch, replace(data.resampling, replicates=0))
        fitted, _ = fit_laws(part, names, None, None)
        for name in fitted.names:
            errors[name].append(float(fitted.coverage(name, np.array([held_out], dtype=float))[0][0]) - truth)
        if combines and (combined := combine(fitted, np.array([held_out], dtype=float))) is not None:
            errors.setdefault(COMBINED, []).append(float(combined[0][0]) - truth)
    return [_row(name, trained, held_out, len(parts), np.array(values)) for name, values in errors.items()]


def _parts(data: Sampled, trained: int, samples: int) -> list[Counts]:
    counts = data.counts
    if data.batch is not None:
        stays = counts.n <= trained
        return [make_counts(np.minimum(counts.n, trained), np.where(stays, counts.c, 0))]
    parts = []
    for sample in range(samples):
        generator = np.random.default_rng([data.resampling.seed, data.resampling.group, STREAM, sample])
        successes = generator.hypergeometric(counts.c, counts.n - counts.c, trained)
        parts.append(make_counts(np.full(counts.problems, trained), successes))
    return parts


def _row(name: str, trained: int, held_out: int, samples: int, errors: Array) -> Backtest:
    bias = float(errors.mean()) if len(errors) else None
    size = float(np.abs(errors).mean()) if len(errors) else None
    return Backtest(name, trained, held_out, samples, samples - len(errors), bias, size)


def record_doubts(rows: Sequence[Backtest], names: Sequence[str], group: dict[str, str] | None) -> list[Caveat]:
    """A caveat if the forecast from the usual fraction of the attempts had a large error."""
    wanted = COMBINED if set(names) >= COMBINES else (names[0] if names else None)
    for row in rows:
        is_usual = row.held_out // row.trained >= SHORT_RECORD and row.held_out // row.trained < 2 * SHORT_RECORD
        if row.law == wanted and is_usual and (row.mean_absolute_error or 0) > LARGEST_ERROR:
            facts = {"trained": f"{row.trained:,}", "held_out": f"{row.held_out:,}", "error": row.mean_absolute_error}
            return [caveat("poor-track-record", group, **facts)]
    return []
