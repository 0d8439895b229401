"""How far forecasts of coverage err and how often their intervals contain the truth, for many kinds of chances.

    python -m benchmarks coverage_laws [--logs 60] [--seed 2026] [--part laws|clusters|verifier]

Each log has a chance of success per problem, drawn from one of the `KINDS`, and n attempts at each problem; the truth
is the mean coverage of these same problems at 10 n and 100 n attempts (`these`), or of all problems of the kind
(`all`). A dagger marks kinds on which laws and their constants were chosen, though with other seeds. Standard errors
are in brackets; means over kinds take each kind as one observation.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from scipy.special import expit

from scaling_cli.analysis.coverage.combined import combine, widest
from scaling_cli.analysis.coverage.curve import Sampled
from scaling_cli.analysis.coverage.laws import LAWS, fit_laws
from scaling_cli.analysis.coverage.printed import COMBINED
from scaling_cli.analysis.coverage.verifier import Rates, assumed_rows
from scaling_cli.coverage.counts import Array, Indices, Mask, ProblemResampling, make_counts
from scaling_cli.coverage.verifier import assumed_accuracy

REACHES = (10, 100)
DESIGNS = ((60, 32), (100, 100), (128, 1000))  # problems, attempts
LEVEL, REPLICATES = 0.95, 199
MANY = 200_000  # problems of a kind from which its coverage is computed
PER_CLUSTER = 5
RATES = Rates(true_positive=0.9, false_positive=0.05, labels="verifier")

Draw = Callable[[np.random.Generator, int], Array]


def either(share: float, first: Draw, second: Draw) -> Draw:
    """Chances of which a share is drawn by `first` and the others by `second`."""
    return lambda g, size: np.where(g.random(size) < share, first(g, size), second(g, size))


def beta(a: float, b: float) -> Draw:
    """Chances of a beta distribution."""
    return lambda g, size: g.beta(a, b, size)


def fixed(p: float) -> Draw:
    """The same chance at every problem."""
    return lambda _, size: np.full(size, p)


def clustered(g: np.random.Generator, size: int) -> Array:
    """Log-odds of which half the variance is common to `PER_CLUSTER` problems in a row."""
    common = np.repeat(g.standard_normal(-(-size // PER_CLUSTER)), PER_CLUSTER)[:size]
    return expit(-3.5 + 1.6 * (common + g.standard_normal(size)))


SEEN: dict[str, Draw] = {
    "beta(0.3, 12)": beta(0.3, 12),
    "beta(0.6, 7)": beta(0.6, 7),
    "log-normal": lambda g, size: np.minimum(np.exp(-5 + 2.5 * g.standard_normal(size)), 1),
    "logit-normal": lambda g, size: expit(-4 + 2 * g.standard_normal(size)),
    "two betas": either(0.5, beta(3, 3), beta(1, 300)),
    "40 % unsolvable": either(0.4, fixed(0.0), beta(0.6, 5)),
    "two points": either(0.5, fixed(0.05), fixed(0.001)),
    "log-uniform": lambda g, size: np.exp(np.log(1e-6) * g.random(size)),
}
UNSEEN: dict[str, Draw] = {
    "power-law tail": lambda g, size: np.minimum(1e-5 * (1 - g.random(size)) ** (-1 / 0.25), 1),
    "uniform to 0.2": lambda g, size: 0.2 * g.random(size),
    "nearly all solved": beta(2, 3),
    "three points": either(0.3, fixed(0.3), either(0.5, fixed(0.01), fixed(0.0003))),
    "Weibull rates": lambda g, size: -np.expm1(-0.03 * g.weibull(0.5, size)),
    "skewed log-odds": lambda g, size: expit(-1 - 2.5 * g.gamma(1.0, 1.0, size)),
    "60 % unsolvable, log-normal": either(
        0.6, fixed(0.0), lambda g, size: np.minimum(np.exp(-3 + 1.5 * g.standard_normal(size)), 1)
    ),
    "clusters": clustered,
}
KINDS = {**SEEN, **UNSEEN}


@dataclass(frozen=True)
class Log:
    """A simulated log: the chance of each problem, what was counted, and what all problems of the kind give at `k`."""

    p: Array
    data: Sampled
    k: Indices
    everyone: Array


def coverage(p: Array, k: Indices) -> Array:
    """Mean coverage of problems with chances p at each k."""
    with np.errstate(divide="ignore"):
        return np.array([-np.expm1(attempts * np.log1p(-p)).mean() for attempts in k])


def logs(kind: str, count: int, seed: int, *, is_clustered: bool = False, scale: Rates | None = None) -> Iterator[Log]:
    """Logs of one kind, `count` of each design; with `scale`, the outcomes are a verifier's verdicts."""
    place, draw = list(KINDS).index(kind), KINDS[kind]
    many = draw(np.random.default_rng([seed, place]), MANY)
    for design, (problems, attempts) in enumerate(DESIGNS):
        k = attempts * np.array(REACHES)
        everyone = coverage(many, k)
        for number in range(count):
            g = np.random.default_rng([seed, place, design, number])
            p = draw(g, problems)
            seen = p if scale is None else scale.true_positive * p + scale.false_positive * (1 - p)
            own = np.arange(problems) // PER_CLUSTER if is_clustered else None
            counts = make_counts(np.full(problems, attempts), g.binomial(attempts, seen), own)
            if (counts.c > 0).sum() >= 3:
                yield Log(p, Sampled(counts, None, ProblemResampling(REPLICATES, number)), k, everyone)


@dataclass
class Scores:
    """Of one law and kind: arrays `(logs, len(REACHES))`, appended log by log."""

    error: list[Array]
    these: list[Mask]
    everyone: list[Mask]
    width: list[Array]

    def add(self, log: Log, rows: tuple[Array, Array, Array], truth: Array) -> None:
        """Score one forecast with its interval."""
        middle, low, high = rows
        self.error.append(middle - truth)
        self.these.append((low <= truth) & (truth <= high))
        self.everyone.append((low <= log.everyone) & (log.everyone <= high))
        self.width.append(high - low)


def score_laws(
    kinds: tuple[str, ...], count: int, seed: int, *, is_clustered: bool = False
) -> dict[str, dict[str, Scores]]:
    """Scores by kind and law."""
    scores: dict[str, dict[str, Scores]] = {}
    for kind in kinds:
        of_kind = scores.setdefault(kind, {})
        for log in logs(kind, count, seed, is_clustered=is_clustered):
            k = log.k.astype(float)
            fitted, _ = fit_laws(log.data, LAWS, LEVEL, None)
            rows = {name: fitted.coverage(name, k) for name in fitted.names}
            if (combined := combine(fitted, k)) is not None:
                rows[COMBINED] = combined
            truth = coverage(log.p, log.k)
            for name, values in rows.items():
                of_kind.setdefault(name, Scores([], [], [], [])).add(log, values, truth)
    return scores


def mean(values: Array | Mask, digits: int = 3, times: float = 1.0) -> str:
    """A mean with its standard error in brackets."""
    error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return f"{times * values.mean():.{digits}f} ({times * error:.{digits}f})"


def print_laws(scores: dict[str, dict[str, Scores]], names: tuple[str, ...]) -> None:
    """Two tables: each law over all kinds, and `combined` in each kind."""
    print("| law | " + " | ".join(f"error at {r}n | covers at {r}n | width at {r}n" for r in REACHES) + " |")
    print("| --- " * (1 + 3 * len(REACHES)) + "|")
    for name in names:
        cells = []
        for i in range(len(REACHES)):
            parts = [of[name] for of in scores.values() if name in of]
            errors = np.array([np.abs(np.stack(part.error)[:, i]).mean() for part in parts])
            covers = np.array([np.stack(part.these)[:, i].mean() for part in parts])
            width = np.median(np.concatenate([np.stack(part.width)[:, i] for part in parts]))
            cells += [mean(errors), mean(covers, 1, 100), f"{width:.3f}"]
        print(f"| {name} | " + " | ".join(cells) + " |")
    print()
    titles = [
        f"{what} {r}n" for r in REACHES for what in ("error", "number", "covers", "covers, number", "all", "width")
    ]
    print("| kind | logs | " + " | ".join(titles) + " |\n" + "| --- " * (2 + len(titles)) + "|")
    for kind, of_kind in scores.items():
        part = of_kind[COMBINED]
        cells = [cell for i in range(len(REACHES)) for cell in kind_cells(part, i)]
        print(f"| {kind}{' †' if kind in SEEN else ''} | {len(part.error)} | " + " | ".join(cells) + " |")


def kind_cells(part: Scores, i: int) -> list[str]:
    """What the table of kinds says about one reach."""
    error, width = np.abs(np.stack(part.error)[:, i]), np.stack(part.width)[:, i]
    these, everyone = (np.stack(values)[:, i] for values in (part.these, part.everyone))
    is_given = width <= widest(REACHES[i])
    given = mean(these[is_given], 1, 100) if is_given.sum() > 1 else "-"
    return [mean(error), f"{100 * is_given.mean():.0f}", mean(these, 1, 100), given, mean(everyone, 1, 100),
            f"{np.median(width):.3f}"]  # fmt: skip


def print_clusters(count: int, seed: int) -> None:
    """How often intervals contain what all problems of the kind give, with and without `--cluster`."""
    print("| law | " + " | ".join(f"at {r}n | with clusters at {r}n" for r in REACHES) + " |")
    print("| --- " * (1 + 2 * len(REACHES)) + "|")
    plain, aware = (score_laws(("clusters",), count, seed, is_clustered=way)["clusters"] for way in (False, True))
    for name in (*LAWS, COMBINED):
        cells = [mean(np.stack(of[name].everyone)[:, i], 1, 100) for i in range(len(REACHES)) for of in (plain, aware)]
        print(f"| {name} | " + " | ".join(cells) + " |")


def print_verifier(count: int, seed: int) -> None:
    """How often intervals of an assumed verifier contain its accuracy at n / 10, n and 10 n attempts."""
    shares = (0.1, 1, 10)
    print("| kind | " + " | ".join(f"covers at {share:g}n | width at {share:g}n" for share in shares) + " |")
    print("| --- " * (1 + 2 * len(shares)) + "|")
    rates = {"true_positive": RATES.true_positive, "false_positive": RATES.false_positive}
    for kind in KINDS:
        hits, widths = [], []
        for log in logs(kind, count, seed, scale=RATES):
            k = (log.k[0] / REACHES[0] * np.array(shares)).astype(np.int64)
            truth = assumed_accuracy(log.p, k.astype(float), **rates).mean(axis=0)
            rows, _, _ = assumed_rows(log.data.counts, k, RATES, LEVEL, None)
            ends = np.array([(row.low, row.high) for row in rows])
            hits.append((ends[:, 0] <= truth) & (truth <= ends[:, 1]))
            widths.append(ends[:, 1] - ends[:, 0])
        cells = [
            cell
            for i in range(3)
            for cell in (mean(np.stack(hits)[:, i], 1, 100), f"{np.median(widths, axis=0)[i]:.3f}")
        ]
        print(f"| {kind}{' †' if kind in SEEN else ''} | " + " | ".join(cells) + " |", flush=True)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=60, help="of each kind and design")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--part", choices=("laws", "clusters", "verifier"))
    arguments = parser.parse_args()
    if arguments.part in (None, "laws"):
        print_laws(score_laws(tuple(KINDS), arguments.logs, arguments.seed), (*LAWS, COMBINED))
    if arguments.part in (None, "clusters"):
        print_clusters(arguments.logs, arguments.seed)
    if arguments.part in (None, "verifier"):
        print_verifier(arguments.logs, arguments.seed)


if __name__ == "__main__":
    main()
