"""Coverage of one group with intervals: by the unbiased estimate, or by product limit if sampling stopped early."""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from scaling_cli.analysis.coverage.printed import printed_ends
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.coverage.bootstrap import draw_curves, intervals
from scaling_cli.coverage.counts import Array, Counts, Indices, ProblemResampling
from scaling_cli.coverage.curves import log_grid
from scaling_cli.coverage.estimate import (
    all_succeed,
    bounds,
    clopper_pearson,
    error_over_attempts,
    error_over_problems,
    mean,
    solve_rates,
)
from scaling_cli.coverage.stopping import batch_size, ends_solved, follows_outcomes, product_limit, until_solved
from scaling_cli.errors import UsageError
from scaling_cli.record import Record, replace
from scaling_cli.results.coverage import Coverage
from scaling_cli.results.fit import Curve

FIXED, STOPPED = "fixed", "stop-at-success"
KNOWN_ORDER = "coverage is a product-limit estimate from the attempts up to each problem's first success", "Give"
UNKNOWN_ORDER = (
    "coverage and its forecasts are biased",
    "Give one row per attempt, with a column that numbers the attempts at each problem, or",
)
FEWEST_LEFT = 5  # problems at risk, or unsolved, that a point of the curve needs for a law to be fitted to it
SHARE_LEFT = 0.25  # or this share of the problems, if there are fewer than twenty
FEW_PROBLEMS = 20
CURVE_POINTS, DRAWN_REPLICATES = 48, 200  # for drawing


class Sampled(Record):
    """Counts of one group; `batch` is the batch size if sampling stopped at a success, else None."""

    counts: Counts
    batch: int | None
    resampling: ProblemResampling

    @property
    def design(self) -> str:
        """`fixed` or `stop-at-success`."""
        return FIXED if self.batch is None else STOPPED

    @property
    def longest(self) -> int:
        """The largest k with an estimate of coverage: from all problems, or from those still at risk."""
        return int(self.counts.n.min() if self.batch is None else self.counts.n.max())

    def coverage(self, k: Indices) -> Array:
        """The estimate at each k, `(len(k),)`, NaN beyond `longest`."""
        if self.batch is not None:
            return np.asarray(product_limit(self.counts, self.batch, k)[0])
        return mean(self.counts, solve_rates(self.counts, k))

    def fitting_grid(self) -> Indices:
        """The k at which a law of the curve is fitted.

        Where few problems are left unsolved, log(-log C) depends on them alone, and resampling problems understates its
        uncertainty: with these points, 95 % intervals of an exponent covered the truth half of the time in simulations.
        """
        if self.batch is not None:
            return log_grid(int(np.sort(self.counts.n)[-min(FEWEST_LEFT, self.counts.problems)]))
        grid = log_grid(self.longest)
        return grid[self.counts.clusters * (1 - self.coverage(grid)) >= self._fewest_left]

    @property
    def _fewest_left(self) -> float:
        return min(FEWEST_LEFT, SHARE_LEFT * self.counts.clusters)


def sampled(
    counts: Counts, first: Indices | None, design: str, resampling: ProblemResampling
) -> tuple[Sampled, list[Caveat]]:
    """The counts with their design, detected or as given.

    Raises:
        UsageError: The design is given as stop-at-success, and the counts contradict it.
    """
    if design == FIXED:
        return Sampled(counts, None, resampling), []
    batch = batch_size(counts, first)
    if batch is not None:
        return Sampled(counts, batch, resampling), [caveat("stop-at-success", batch=batch)]
    if not (follows_outcomes(counts) or (design == STOPPED and ends_solved(counts))):
        if design == STOPPED:
            raise _never_stopped("sampling did not stop at each problem's first success.")
        return Sampled(counts, None, resampling), []
    part = None if first is None else until_solved(counts, first)
    if part is None and design == STOPPED:
        raise _never_stopped("it does not show which attempt at each problem was the first to succeed.")
    count, longest = f"{int((counts.n < counts.n.max()).sum()):,}", f"{int(counts.n.max()):,}"
    effect, remedy = KNOWN_ORDER if part is not None else UNKNOWN_ORDER
    doubt = caveat("sampled-until-solved", count=count, longest=longest, effect=effect, remedy=remedy)
    return Sampled(counts, None, resampling) if part is None else Sampled(part, 1, resampling), [doubt]


def _never_stopped(why: str) -> UsageError:
    return UsageError(
        f"--design stop-at-success does not fit the log: {why}",
        hint="Leave out --design, or check that attempts and successes are read from the right columns.",
    )


def default_k(longest: int) -> Indices:
    """Powers of ten for long logs, powers of two for short ones, and the largest k."""
    base = 10 if longest >= 100 else 2
    powers = base ** np.arange(int(np.log(longest) / np.log(base) + 1e-9) + 1)
    return np.unique(np.append(powers, longest)).astype(np.int64)


def drawn_curve(data: Sampled, level: float, replicates: int) -> Curve:
    """Coverage along all attempts made, with its interval, for drawing."""
    few = replace(data, resampling=replace(data.resampling, replicates=min(replicates, DRAWN_REPLICATES)))
    rows, _ = coverage_rows(few, log_grid(data.longest, CURVE_POINTS), level, "pointwise", "bound")
    columns = [
        (float(row.k), share, share if row.low is None else row.low, share if row.high is None else row.high)
        for row in rows
        if (share := row.estimate)
    ]
    return Curve(*zip(*columns, strict=True)) if columns else Curve((), ())


def coverage_rows(data: Sampled, k: Indices, level: float, band: str, short: str) -> tuple[list[Coverage], Array]:
    """Coverage at each k, and the replicates behind it `(replicates, len(k))`."""
    if data.batch is not None:
        return _stopped_rows(data, k, level)
    rows, draws = [], np.full((data.resampling.replicates, len(k)), np.nan)
    for counts, columns in _by_reach(data.counts, k, short):
        drawn = draw_curves(counts, k[columns], data.resampling)
        draws[:, columns] = drawn.coverage
        low, high = intervals(counts, drawn, level, simultaneous=band == "simultaneous")
        rows += _fixed_rows(counts, k[columns], np.stack([low, high]), level)
    beyond = [attempts for attempts in k.tolist() if attempts not in {row.k for row in rows}]
    rows += [_bounded(data.counts, attempts) for attempts in beyond]
    return sorted(rows, key=lambda row: row.k), draws


def _by_reach(counts: Counts, k: Indices, short: str) -> list[tuple[Counts, Indices]]:
    """The k that all problems reach, with all problems; with `drop`, further k with those that reach them."""
    reached = np.flatnonzero(k <= counts.n.min())
    parts = [(counts, reached)] if len(reached) else []
    if short == "drop":
        further = np.flatnonzero((k > counts.n.min()) & (k <= counts.n.max()))
        parts += [(counts.subset(counts.n >= k[column]), np.array([column])) for column in further]
    return parts


def _fixed_rows(counts: Counts, k: Indices, ends: Array, level: float) -> list[Coverage]:
    rates = solve_rates(counts, k)
    coverage, problems_error = mean(counts, rates), error_over_problems(counts, rates)
    attempts_error = error_over_attempts(counts, k)
    together = counts.multiplicity @ all_succeed(counts.pair_n, counts.pair_c, k) / counts.problems
    low, high = printed_ends(_filled(counts, coverage, ends, level), level)
    return [
        Coverage(
            k=attempts,
            estimate=float(coverage[i]),
            low=number_or_none(low[i]),
            high=number_or_none(high[i]),
            se_problems=number_or_none(problems_error[i]),
            se_attempts=number_or_none(attempts_error[i]),
            all_succeed=float(together[i]),
        )
        for i, attempts in enumerate(k.tolist())
    ]


def _filled(counts: Counts, coverage: Array, ends: Array, level: float) -> Array:
    """The ends `(2, len(k))`, where they are missing those of a share of problems, or of clusters of them.

    They are missing where every problem has an equal rate, and between the ends for a whole number of problems on
    either side of the share, the wider ones count.
    """
    units = counts.clusters
    exact = [
        (
            clopper_pearson(int(np.floor(solved)), units, level)[0],
            clopper_pearson(int(np.ceil(solved)), units, level)[1],
        )
        for solved in np.round(coverage * units, 9).tolist()
    ]
    return np.where(np.isnan(ends), np.array(exact).T, ends)


def _bounded(counts: Counts, k: int) -> Coverage:
    low, high = bounds(counts, np.array([k]))
    return Coverage(k, None, float(low[0]), float(high[0]), None, None)


def _stopped_rows(data: Sampled, k: Indices, level: float) -> tuple[list[Coverage], Array]:
    estimate = data.coverage(k)
    draws = draw_curves(data.counts, k, data.resampling, data.batch).coverage
    known = np.flatnonzero(~np.isnan(estimate))
    ends = np.array([_logit_interval(estimate[i], draws[:, i], level) for i in known]).reshape(-1, 2).T
    low, high = printed_ends(_filled(data.counts, estimate[known], ends, level), level)
    rows = [
        Coverage(
            int(k[place]),
            float(estimate[place]),
            number_or_none(low[i]),
            number_or_none(high[i]),
            float(np.nanstd(draws[:, place])),
            None,
        )
        for i, place in enumerate(known.tolist())
    ]
    solved = float((data.counts.c > 0).mean())
    beyond = k[np.isnan(estimate)].tolist()
    return rows + [Coverage(attempts, None, solved, 1.0, None, None) for attempts in beyond], draws


def _logit_interval(estimate: float, draws: Array, level: float) -> tuple[float, float]:
    """An interval around the estimate that is symmetric in log-odds, as wide as the draws; NaN at 0 and 1."""
    if not 0 < estimate < 1:
        return np.nan, np.nan
    inside = draws[(draws > 0) & (draws < 1)]
    if not len(inside):
        return np.nan, np.nan
    reach = np.quantile(np.abs(logit(inside) - logit(estimate)), level)
    return float(expit(logit(estimate) - reach)), float(expit(logit(estimate) + reach))


def number_or_none(value: float) -> float | None:
    """The number, or None for NaN."""
    return None if np.isnan(value) else float(value)


def _short_doubts(data: Sampled, k: list[int], short: str, group: dict[str, str] | None) -> list[Caveat]:
    """Caveats on the k for which some problems have too few attempts; problems are left out only if others remain."""
    reached = [each for each in k if each <= data.counts.n.max() and data.batch is None]
    dropped = reached if short == "drop" else []
    bounded = [each for each in k if each not in dropped]
    found = []
    for code, which in (("short-problems-dropped", dropped), ("short-problems", bounded)):
        if not which:
            continue
        missing = {each: int((data.counts.n < each).sum()) for each in which}
        fewest, most = missing[which[0]], missing[which[-1]]
        more = f" (and {most:,} fewer than {which[-1]:,})" if most > fewest else ""
        them = "it" if most == 1 else "them"
        either = f", or leave {them} out with --short drop" if reached and not dropped else ""
        remedy = f"Make further attempts at {'this problem' if most == 1 else 'these problems'}{either}"
        shown = f"{', '.join(f'{each:,}' for each in which)}{more}"
        total = f"{data.counts.problems:,}"
        found.append(caveat(code, group, count=f"{fewest:,}", total=total, k=shown, remedy=remedy))
    return found


def coverage_doubts(data: Sampled, rows: list[Coverage], short: str, group: dict[str, str] | None) -> list[Caveat]:
    """Caveats on the estimates of coverage."""
    counts, caveats = data.counts, _short_doubts(data, [row.k for row in rows if row.k > data.longest], short, group)
    solved = int((counts.c > 0).sum())
    if solved == 0 or np.all(counts.c == counts.n):
        what = "No problem is solved" if solved == 0 else "Every attempt succeeded"
        caveats.append(caveat("all-alike", group, what=what))
    elif solved == counts.problems and data.batch is None:
        caveats.append(caveat("all-solved", group, k=f"{data.longest:,}"))
    if np.all((counts.c == 0) | (counts.c == counts.n)) and counts.n.min() > 1 and 0 < solved < counts.problems:
        caveats.append(caveat("deterministic-sampling", group))
    if counts.problems == 1:
        caveats.append(caveat("one-problem", group))
    elif counts.clusters < FEW_PROBLEMS:
        unit = "problems" if counts.clusters == counts.problems else "clusters"
        caveats.append(caveat("few-problems", group, count=counts.clusters, unit=unit))
    return caveats
