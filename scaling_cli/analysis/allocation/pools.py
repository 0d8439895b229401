"""Data filtering: which pools of data to train on, and how often to repeat them, for a number of samples.

Each pool has its own utility b and half-life tau of the law `utility-decay`, and all have one a and one d. Pools that
are used together are sampled in proportion to their sizes n, so N = sum n samples make an epoch, and a sample of one of
them is repeated less often. With E = S / N epochs after S samples,

    error - d = a * U^b * exp(sum_i (n_i / N) b_i worn(E, tau_i N / n_i)),   U = min(S, N),   b = sum_i (n_i / N) b_i

(Goyal et al. 2024, arXiv:2404.07177, theorem 1, where all pools have one size; each pool alone has its fitted law). All
sets of pools are compared where there are few; of many pools, each alone, and the best two, three and so on.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from scaling_cli.analysis.allocation.plan import FAR, estimated
from scaling_cli.arrays import Array, Indices
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import UsageError
from scaling_cli.flops import SIX_ND
from scaling_cli.formula.functions import worn
from scaling_cli.laws import find_law
from scaling_cli.numbers.format import count, with_and
from scaling_cli.options.hardware import Hardware
from scaling_cli.options.optimal_allocation import Limits, OptimalAllocation, Question
from scaling_cli.record import Record
from scaling_cli.results.allocation import Allocation, AllocationResult, PoolChoice
from scaling_cli.results.fit import Estimate, IntervalMethod

LAW = "utility-decay"
SIZE = "unique_samples"
MOST_POOLS = 10  # of which all sets are compared
SHOWN = 10  # sets of pools that a result has, the best first
ONE = 1e-9  # relative: values closer than this are one value


class Pools(Record):
    """Pools by name with their samples `(p,)`, and the law: a and d `(replicates,)`, b and tau `(replicates, p)`."""

    names: tuple[str, ...]
    sizes: Array
    a: Array
    d: Array
    b: Array
    tau: Array

    def first(self) -> Pools:
        """The estimate alone."""
        return Pools(self.names, self.sizes, self.a[:1], self.d[:1], self.b[:1], self.tau[:1])

    def epochs(self, used: Indices, samples: float) -> float:
        """How often each sample of the pools `used` is seen."""
        return float(samples / self.sizes[used].sum())

    def error(self, used: Indices, samples: float) -> Array:
        """The error `(replicates,)` after training on `samples` drawn from the pools `used`."""
        total = self.sizes[used].sum()
        shares = self.sizes[used] / total
        seen = np.log(min(samples, total)) + worn(np.array(samples / total), self.tau[:, used] / shares)
        above: Array = self.a * np.exp(np.sum(shares * self.b[:, used] * seen, axis=1))
        return self.d + above


def is_of_pools(fits: Sequence[SavedFit]) -> bool:
    """Whether the fits are those of pools of data."""
    return bool(fits) and all(fit.law == LAW for fit in fits)


def pools_of(fits: Sequence[SavedFit], size: float | None) -> Pools:
    """The pools of a joint fit, one fit for each; `size` is the number of samples of each, if all have it.

    A pool from which samples of several sizes were drawn has the largest of these.

    Raises:
        UsageError: The pools do not share a and d, or nothing says how large they are.
    """
    names = tuple(", ".join(fit.group.values()) or "all data" for fit in fits)
    columns = {name: _values(fits, name) for name in ("a", "d", "b", "tau")}
    for name in ("a", "d"):
        if np.ptp(columns[name], axis=1).max() > ONE * np.abs(columns[name]).max():
            raise UsageError(
                f"Each pool has its own {name}, so nothing says what several pools are worth together.",
                hint="Fit the pools together: --by COLUMN --share a,d, with the column that names the pool.",
            )
    sizes = [_most(fit, SIZE) if size is None else size for fit in fits]
    if not all(each > 0 for each in sizes):
        raise UsageError(
            "The saved fit does not say how many samples each pool has.",
            hint=f"Give the runs in its place, or the samples of every pool: --hold {SIZE}=12.8M.",
        )
    return Pools(
        names, np.array(sizes, dtype=float), columns["a"][:, 0], columns["d"][:, 0], columns["b"], columns["tau"]
    )


def _most(fit: SavedFit, name: str) -> float:
    """The largest value of an input in the runs; 0 where it is not known."""
    return fit.ranges.get(fit.inputs.get(name, name), (0.0, 0.0))[1]


def _values(fits: Sequence[SavedFit], name: str) -> Array:
    """A parameter `(replicates, pools)`; row 0 is the estimate."""
    columns = []
    for fit in fits:
        at = list(fit.parameters).index(name)
        columns.append([fit.parameters[name].estimate, *(row[at] for row in fit.draws or ())])
    count = min(map(len, columns))
    return np.array([column[:count] for column in columns], dtype=float).T


def choices(pools: Pools, samples: float, level: float) -> tuple[PoolChoice, ...]:
    """The sets of pools with the lowest errors after training on `samples`, the best first, with intervals."""
    alone = pools.first()
    sets = _sets(alone, samples)
    order = np.argsort([float(alone.error(used, samples)[0]) for used in sets], kind="stable")[:SHOWN]
    kept = [sets[place] for place in order]
    errors = np.stack([pools.error(used, samples) for used in kept])
    is_best = np.argmin(errors[:, 1:], axis=0) if errors.shape[1] > 1 else None
    return tuple(
        PoolChoice(
            pools=tuple(pools.names[pool] for pool in used),
            unique_samples=float(pools.sizes[used].sum()),
            epochs=pools.epochs(used, samples),
            loss=estimated(errors[place], level),
            excess=estimated(errors[place] - errors[0], level),
            best_share=None if is_best is None else float(np.mean(is_best == place)),
        )
        for place, used in enumerate(kept)
    )


def _sets(pools: Pools, samples: float) -> list[Indices]:
    """The sets of pools to compare."""
    count = len(pools.names)
    if count <= MOST_POOLS:
        members = (found for size in range(1, count + 1) for found in itertools.combinations(range(count), size))
        return [np.array(found) for found in members]
    alone = [np.array([pool]) for pool in range(count)]
    order = np.argsort([float(pools.error(pool, samples)[0]) for pool in alone], kind="stable")
    return [*alone, *(np.sort(order[:size]) for size in range(2, count + 1))]


def pools_answer(
    fits: Sequence[SavedFit], asked: OptimalAllocation, interval: IntervalMethod
) -> tuple[AllocationResult, list[Caveat]]:
    """The best pools for each budget of samples.

    Raises:
        UsageError: The question has no answer, see `check_pools`, or the pools cannot be compared.
    """
    check_pools(asked)
    pools = pools_of(fits, asked.values.get(SIZE))
    rows = []
    for samples in map(float, asked.budget):
        found = choices(pools, samples, asked.level)
        rows.append(
            Allocation(
                "parametric", None, Estimate(None), Estimate(None), Estimate(None), found[0].loss, samples=samples,
                pools=found,
            )
        )  # fmt: skip
    law = find_law(LAW)
    result = AllocationResult(
        group={}, runs=None, points=None, law=LAW, formula=law.formula, flops_rule="", exponents={},
        allocations=tuple(rows), interval=interval, ranges=dict(fits[0].ranges), held=dict(asked.values),
    )  # fmt: skip
    return result, _doubts(fits, rows)


def check_pools(asked: OptimalAllocation) -> None:
    """Refuse what cannot be asked of pools.

    Raises:
        UsageError: There is no budget in samples, or another option is given that only a split of compute obeys.
    """
    given = [
        option.flag
        for part in (Question, Limits, Hardware)
        for option in part.options.values()
        if option.name not in ("budget", "hold") and getattr(asked, option.name) != asked.options[option.name].default
    ]
    given += [f"--hold {name}" for name in asked.hold if name != SIZE or name in asked.followers]
    given += ["--flops-rule"] if asked.flops_rule != SIX_ND else []
    if given:
        raise UsageError(
            f"{with_and(given)} cannot be used with {LAW}, whose budgets are samples seen by one model.",
            hint="Leave it out, and give --budget in samples, such as --budget 640M.",
        )
    if not asked.budget or any(isinstance(budget, str) for budget in asked.budget):
        raise UsageError(
            f"{LAW} needs a budget in samples seen.",
            hint="Write it like --budget 128M,640M, without a currency or GPUs.",
        )


def _doubts(fits: Sequence[SavedFit], rows: Sequence[Allocation]) -> list[Caveat]:
    """That pools must not overlap, and that budgets lie far beyond the samples seen in the runs."""
    together = [row for row in rows if len(row.pools[0].pools) > 1]
    found = [caveat("pools-overlap", names=with_and(together[-1].pools[0].pools))] if together else []
    seen = max(_most(fit, SIZE) * _most(fit, "epochs") for fit in fits)
    largest = max(row.samples or 0.0 for row in rows)
    if 0 < FAR * seen < largest:
        found.append(caveat("far-samples", samples=count(largest), reach=largest / seen))
    return found
