"""For each caveat about fits and what follows from them: runs for which it must appear, and some for which not."""

from __future__ import annotations

import functools
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli.analysis.forecast.doubts import run_doubts
from scaling_cli.analysis.forecast.targets import Places
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.analysis.plan.question import _doubts as plan_doubts
from scaling_cli.fitting.ask import alone
from scaling_cli.fitting.fit import Settings, fit
from scaling_cli.fitting.identifiability import _start_doubts
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.ranking import fit_best
from scaling_cli.laws import find_law
from scaling_cli.record import replace
from tests.analysis.allocation.surfaces import ASYMMETRIC, HOFFMANN, SETS, SYMMETRIC, isoflop_frame, loss_at, saved_fit
from tests.analysis.allocation.test_envelope import curves
from tests.caveats.reading import grid, logged, loss
from tests.caveats.remembered import remembered
from tests.factories import grouped
from tests.fitting.checks.test_influence import curve as long_curve
from tests.laws.designs import draw_design, draw_parameters

FEW = {"replicates": 60}


def surface(budgets=(1e18, 1e19, 1e20, 1e21), offsets=(-1.5, -0.75, 0, 0.75, 1.5), noise=0.002):
    """An IsoFLOP grid: the logs of params lie at `offsets` from the middle."""
    rng = np.random.default_rng(0)
    compute, offset = (axis.ravel() for axis in np.meshgrid(budgets, offsets, indexing="ij"))
    params = np.sqrt(compute / 120) * np.exp(offset)
    tokens = compute / 6 / params
    lost = (1.82 + 482 / params**0.35 + 2085 / tokens**0.37) * np.exp(noise * rng.standard_normal(len(params)))
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": lost})


def line(points=12, noise=0.004, floor=0.0, seed=0, last=22.0, exponent=-0.06):
    """Losses along compute."""
    compute = np.logspace(18 if last > 21 else 20, last, points)
    off = np.exp(noise * np.random.default_rng(seed).standard_normal(points))
    return pl.DataFrame({"compute": compute, "loss": (30 * compute**exponent + floor) * off})


def groups(count, **more):
    """Groups of one law, each with its own noise."""
    return pl.concat([line(seed=seed, **more).with_columns(pl.lit(f"g{seed}").alias("g")) for seed in range(count)])


def floored(seed=0, floor=1.8, noise=0.003, points=25, decades=6.0):
    """Losses along compute that fall to a floor."""
    compute = np.geomspace(1e17, 10 ** (17 + decades), points)
    off = np.exp(noise * np.random.default_rng(seed).standard_normal(points))
    return pl.DataFrame({"compute": compute, "loss": (floor + 2 * (compute / 1e17) ** -0.2) * off})


def kinked(exponent):
    """Losses along compute whose exponent changes from this one to -0.03 halfway."""
    compute = np.geomspace(1e17, 1e23, 40)
    lost = 3 * np.minimum((compute / 1e20) ** exponent, (compute / 1e20) ** -0.03)
    off = np.exp(0.0002 * np.random.default_rng(0).standard_normal(40))
    return pl.DataFrame({"compute": compute, "loss": lost * off})


@remembered
def plain(frame, **options):
    """A fit without intervals."""
    return scaling.fit(frame, **({"interval": "none"} | options))


def curve(law, loss_of, points=20):
    """A problem of one input."""
    x = np.geomspace(1e18, 1e22, points)
    return problem_from_arrays(find_law(law), {"x": x}, loss_of(x), np.arange(points))


def engine(problem, **settings):
    """The caveats of the engine."""
    return fit(grouped(problem), Settings(**({"interval": "none"} | settings)))[1]


def other_optimum(distance):
    """The doubts about a fit with a second optimum at a distance."""
    found = optimum(curve("power-constant", lambda x: 20 * x**-0.1 + 1.7), Objective())
    near = found.polished.theta.copy()
    near[1:] += [[distance, 0.0, 0.0]]
    return _start_doubts(replace(found, polished=replace(found.polished, theta=near, value=np.zeros(len(near)))), None)


def agreeing_starts(count):
    """The doubts about a fit that this many starts reached."""
    found = optimum(curve("power-constant", lambda x: 20 * x**-0.1 + 1.7), Objective())
    value = np.r_[np.zeros(count), np.ones(len(found.polished.value) - count)]
    return _start_doubts(replace(found, polished=replace(found.polished, value=value)), None)


def ranked(flat):
    """The caveats of a choice among laws, of losses that stop falling halfway or not at all."""
    x = np.logspace(18, 22, 20)
    lost = (
        30
        * np.minimum(x, 1e20 if flat else 1e30) ** -0.06
        * np.exp(0.001 * np.random.default_rng(0).standard_normal(20))
    )
    problem = problem_from_arrays(find_law("power"), {"x": x}, lost, np.arange(20))
    return fit_best([grouped(problem, scale=x)], Settings(interval="none"))[1]


def seeds(shared):
    """Five seeds at each of ten sizes of compute, whose errors are shared or not."""
    rng = np.random.default_rng(0)
    base = floored(points=10, noise=0.0)
    each = [base.with_columns(loss * np.exp(0.002 * rng.standard_normal(10))) for _ in range(5)]
    off = np.exp(0.02 * rng.standard_normal(10)) if shared else 1.0
    return pl.concat([one.with_columns(loss=pl.Series(one["loss"].to_numpy() * off)) for one in each])


def shifted(law):
    """A curve that starts near its pole, which shifted-power cannot follow."""
    x = np.linspace(2.2, 12, 25)
    y = (1.6 + 2.5 / (x - 2.016) ** 0.781) * np.exp(0.003 * np.random.default_rng(8).standard_normal(25))
    problem = problem_from_arrays(find_law(law), {"x": x}, y, np.arange(25))
    return engine(problem, interval="wild", replicates=200)


def fixed_ratio(spread):
    """Runs whose tokens per param vary little."""
    params = np.geomspace(5e7, 1.6e10, 24)
    tokens = params * 20 * np.exp(np.random.default_rng(1).uniform(-spread, spread, 24))
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss_at(HOFFMANN, params, tokens)})


def from_saved(verb, draws, **options):
    """The answer of a command to a saved fit."""
    ranges = {"compute": [1e18, 1e21], "params": [1e7, 1e10], "tokens": [1e9, 1e11]}
    with TemporaryDirectory() as folder:
        return verb(saved_fit(Path(folder), SETS["besiroglu"], draws=draws, ranges=ranges), **options)


@remembered
def forecast(frame, **options):
    """A forecast from runs."""
    return scaling.extrapolate(frame, **({"replicates": 40} | options))


def curved(frame, **options):
    """A forecast by one law of one input, from runs whose loss falls to a floor."""
    return forecast(frame, law="power-constant", **options)


def straight(frame, **options):
    """A forecast by one law of one input, from runs whose loss has no floor."""
    return forecast(frame, law="power", **options)


@remembered
def split(frame, **options):
    """A split of budgets by runs."""
    return scaling.optimal_allocation(frame, **({"budget": 1e21, "interval": "none"} | options))


SWEPT = "E + A/params^0.35 + B/tokens^0.37 + k*(log(knob) - u)^2"
SHARED = "E + A/params^0.35 + B/tokens^0.37 + k*(web - u)^2"
WEB_AND_CODE = {"mixture": "web,code"}


LOWERED = "exp(-fall*params^0.25) * (E + A/params^0.35 + B/tokens^0.37)"
FALL = {"fall": 0.0003}


def lowered():
    """Runs whose law goes to zero for huge models."""
    frame = surface()
    return frame.with_columns(loss=frame["loss"] * np.exp(-0.0003 * frame["params"].to_numpy() ** 0.25))


def swept(last=8.0):
    """Runs with a knob whose best value is 4."""
    frame = surface()
    knob = np.resize([1.0, 1.4, last], len(frame))
    return frame.with_columns(knob=pl.Series(knob), loss=frame["loss"] + pl.Series(0.05 * np.log(knob / 4) ** 2))


def shared(slope):
    """Runs on a mixture whose best share of web is half, or with a slope lies beyond all of it."""
    frame = surface()
    web = np.resize([0.1, 0.3, 0.6, 0.9], len(frame))
    lost = 0.2 * (web - 0.5 - 10 * slope) ** 2
    return frame.with_columns(web=pl.Series(web), code=pl.Series(1 - web), loss=frame["loss"] + pl.Series(lost))


def isoflop(parameters=HOFFMANN, low=-1.5, high=1.5, sizes=9, drift=0.0, noise=0.001, **options):
    """A split by IsoFLOP curves."""
    frame = isoflop_frame(parameters, offsets=np.linspace(low, high, sizes), drift=drift, noise=noise)
    return split(frame, **({"approach": "isoflop"} | options))


def counted(ratio):
    """IsoFLOP runs whose compute is counted as a multiple of 6 * params * tokens."""
    return isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 9), noise=0.001).with_columns(
        pl.col("compute") * ratio
    )


def rising(slope):
    """The doubts about runs whose loss changes with tokens by a slope."""
    params, tokens = (axis.ravel() for axis in np.meshgrid([1e8, 1e9], np.geomspace(1e9, 1e11, 5)))
    points = ForecastPoints(
        {"params": params, "tokens": tokens},
        2 + 400 / params**0.34 + slope * np.log(tokens / 1e9), np.arange(10), 6 * params * tokens,
    )  # fmt: skip
    return alone(run_doubts(None, 0.01, points, Places((), {}, np.array([])), {}))


def targets(*labels):
    """A forecast at targets with labels of groups."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "targets.csv"
        pl.DataFrame({"g": labels, "compute": [1e23] * len(labels)}).write_csv(path)
        return forecast(groups(2), by="g", targets=path, law="power")


def one_size(**options):
    """Runs of one size and many amounts of tokens."""
    tokens = np.geomspace(1e9, 1e11, 16)
    frame = pl.DataFrame({"params": np.full(16, 1e8), "tokens": tokens})
    lost = loss_at(HOFFMANN, frame["params"].to_numpy(), tokens)
    return forecast(frame.with_columns(loss=pl.Series(lost)), at="compute=1e21", **options)


def bent_by_tokens(extra):
    """Runs whose loss has an extra term at few tokens."""
    frame = surface(budgets=tuple(np.geomspace(1e18, 1e22, 8)), noise=0.0005)
    return frame.with_columns(loss * (1 + extra * (frame["tokens"] / frame["tokens"].min()) ** -0.5))


@remembered
def compared(frame, **options):
    """A comparison of groups."""
    return scaling.compare_exponents(frame, **({"by": "g", "replicates": 99, "law": "power-constant"} | options))


def two(first, second, noise=0.001, points=14):
    """Two groups, each with a coefficient, an exponent and a floor."""
    compute = np.geomspace(1e-4, 1e4, points)
    rng = np.random.default_rng(3)
    parts = [
        pl.DataFrame(
            {"compute": compute * 1e20, "loss": (a * compute**b + c) * np.exp(noise * rng.standard_normal(points))}
        )
        for a, b, c in (first, second)
    ]
    return pl.concat([part.with_columns(g=pl.lit(name)) for part, name in zip(parts, "ab", strict=True)])


SAME_LAW = two((1.5, -0.15, 1.7), (1.5, -0.15, 1.7))
COPIED = pl.concat([SAME_LAW, SAME_LAW.filter(pl.col("g") == "a").with_columns(g=pl.lit("copy"))])
PAIRED = line(20, noise=0.001).with_columns(
    second=pl.col("loss") + 0.3,
    apart=pl.when(pl.int_range(20) < 10).then(pl.col("loss")),
    other=pl.when(pl.int_range(20) >= 10).then(pl.col("loss")),
)
ACCURATE = line(20, noise=0.001).with_columns(accuracy=1 / (1 + (pl.col("loss") - 2).exp()))
TRAINED = curves(np.geomspace(1e7, 3e10, 30))
COARSE = curves(np.geomspace(1e8, 1e10, 4))
BARE = {"approach": "envelope"}
ENDS = pl.col("run_id").is_in(["run0", "run29"])
THIN_ENDS = TRAINED.filter(~ENDS | (pl.col("step") % 60 == 0))
LENGTHS = pl.concat(
    curves(np.geomspace(1e8, 1e10, 4), rows=100)
    .with_columns(pl.col("run_id") + f"-{times}", tokens=pl.col("tokens") * times)
    .with_columns(loss=1.69 + 406.4 * pl.col("params") ** -0.31 + 410.7 * pl.col("tokens") ** -0.31)
    for times in (1, 4, 16)
)
DECAYED = LENGTHS.with_columns(
    pl.col("loss") * pl.when(pl.col("tokens") < 0.9 * pl.col("tokens").max().over("run_id")).then(1.03).otherwise(1.0)
)
SHORT = curves(np.geomspace(1e8, 1e10, 3), rows=5)
ISOFLOPS = isoflop_frame(HOFFMANN, offsets=np.linspace(-1.5, 1.5, 9))
ONE_SIDED = isoflop_frame(HOFFMANN, offsets=np.linspace(0.6, 2.2, 9), budgets=np.array([1e22]))

FIT = {
    "few-runs": (lambda: plain(line(8), law="power"), lambda: plain(line(12), law="power")),
    "no-interval-room": (
        lambda: plain(line(4, floor=2), law="power-constant"),
        lambda: plain(line(6, floor=2), law="power-constant"),
    ),
    "short-range": (lambda: plain(line(12, last=20.9), law="power"), lambda: plain(line(12), law="power")),
    "condition-number": (
        lambda: plain(floored(decades=0.8, noise=0.0003), law="power-constant"),
        lambda: plain(floored(), law="power-constant"),
    ),
    "fixed-tokens-per-param": (lambda: plain(fixed_ratio(0.5)), lambda: plain(fixed_ratio(2.0))),
    "collinear-design": (lambda: plain(fixed_ratio(0.5)), lambda: plain(fixed_ratio(2.0))),
    "at-bound": (
        lambda: engine(curve("power-constant", lambda x: 3 * np.exp(-0.02 * np.log(x / 1e18) ** 1.5))),
        lambda: engine(curve("power-constant", lambda x: 20 * x**-0.1 + 1.7)),
    ),
    "lone-start": (lambda: agreeing_starts(1), lambda: agreeing_starts(2)),
    "rival-optimum": (lambda: other_optimum(0.5), lambda: other_optimum(2e-3)),
    "runs-err-together": (
        lambda: scaling.fit(seeds(shared=True), law="power-constant", **FEW),
        lambda: scaling.fit(seeds(shared=False), law="power-constant", **FEW),
    ),
    "replicates-failed": (
        lambda: scaling.fit(line(6, noise=0.2, floor=2.0), law="shifted-power", interval="bootstrap", **FEW),
        lambda: scaling.fit(floored(), law="power-constant", interval="bootstrap", **FEW),
    ),
    "influential-run": (
        lambda: engine(long_curve(off=0.03), objective=Objective("least-squares")),
        lambda: engine(long_curve(), objective=Objective("least-squares")),
    ),
    "outlying-run": (
        lambda: plain(grid().with_columns(pl.when(pl.col("run") == "r12").then(loss * 1.3).otherwise(loss))),
        lambda: plain(grid().with_columns(pl.when(pl.col("run") == "r12").then(loss * 1.01).otherwise(loss))),
    ),
    "no-cutoffs": (lambda: plain(line(9, last=20.2), law="all"), lambda: plain(floored(), law="all")),
    "baseline-wins": (lambda: ranked(flat=True), lambda: ranked(flat=False)),
    "floor-unknown": (
        lambda: scaling.fit(line(), law="power-constant", **FEW),
        lambda: scaling.fit(floored(), law="power-constant", **FEW),
    ),
    "open-interval": (
        lambda: scaling.fit(line(10, noise=0.02, floor=1.0), law="power-constant", interval="profile"),
        lambda: scaling.fit(floored(), law="power-constant", interval="profile"),
    ),
    "replicates-at-bound": (
        lambda: scaling.fit(line(), law="power-constant", **FEW),
        lambda: scaling.fit(floored(), law="power-constant", **FEW),
    ),
    "law-misfit": (lambda: plain(floored(), law="power"), lambda: plain(floored(), law="power-constant")),
    "poor-fit": (
        lambda: engine(
            problem_from_arrays(
                find_law("power"),
                {"x": np.tile(np.geomspace(1e18, 1e22, 8), 3)},
                np.repeat([1.0, 2.0, 4.0], 8),
                np.arange(24),
            )
        ),
        lambda: engine(
            problem_from_arrays(
                find_law("power"),
                {"x": np.tile(np.geomspace(1e18, 1e22, 8), 3)},
                np.tile(np.geomspace(8.0, 1.0, 8), 3),
                np.arange(24),
            )
        ),
    ),
    "interval-off-estimate": (lambda: shifted("shifted-power"), lambda: shifted("power-constant")),
    "rule-bends-split": (
        lambda: plain(grid(), law="chinchilla", flops_rule="6 * (params + 2e9) * tokens"),
        lambda: plain(grid(), law="chinchilla", flops_rule="8 * params * tokens"),
    ),
    "no-draws": (
        lambda: from_saved(scaling.extrapolate, 0, at="compute=1e22"),
        lambda: from_saved(scaling.extrapolate, 40, at="compute=1e22"),
    ),
}

FORECAST = {
    "far-forecast": (lambda: curved(floored(), at="compute=1e25"), lambda: curved(floored(), at="compute=1e24")),
    "below-data": (lambda: curved(floored(), at="compute=1e16"), lambda: curved(floored(), at="compute=5e16")),
    "off-hull": (
        lambda: forecast(surface(), at="params=1e7,tokens=1e12"),
        lambda: forecast(surface(), at="params=1e9,tokens=2e10"),
    ),
    "off-ratio": (
        lambda: forecast(surface(), at="params=1e8,tokens=6e12"),
        lambda: forecast(surface(), at="params=1e10,tokens=2e11"),
    ),
    "no-rolling-origin": (lambda: straight(line(6, last=20.3)), lambda: curved(floored())),
    "optimal-split": (
        lambda: forecast(surface(), at="compute=1e22"),
        lambda: forecast(surface(), at="params=1e10,tokens=2e11"),
    ),
    "unstable-forecast": (
        lambda: forecast(kinked(-0.12), law="power", scale_weight=0, at="compute=1e26"),
        lambda: forecast(kinked(-0.03), law="power", scale_weight=0, at="compute=1e26"),
    ),
    "rising-loss": (lambda: rising(0.1), lambda: rising(-0.1)),
    "lone-growth": (
        lambda: one_size(x="compute", law="power-constant"),
        lambda: curved(surface(), x="compute", at="compute=1e22"),
    ),
    "pooled-sizes": (
        lambda: forecast(surface(), x="tokens", law="power"),
        lambda: forecast(surface(), x="compute", law="power"),
    ),
    "mid-schedule-points": (
        lambda: forecast(
            logged().drop("lr").with_columns(pl.lit(1e-3).alias("lr")), checkpoints="all", at="params=1e10,tokens=1e11"
        ),
        lambda: forecast(logged(), at="params=1e10,tokens=1e11"),
    ),
    "target-above-data": (lambda: curved(floored(), target_loss=5.0), lambda: curved(floored(), target_loss=2.0)),
    "target-below-floor": (lambda: curved(floored(), target_loss=1.0), lambda: curved(floored(), target_loss=2.0)),
    "suite-without-common-runs": (
        lambda: straight(PAIRED, loss=["apart", "other"], at="compute=2e22"),
        lambda: straight(PAIRED, loss=["loss", "second"], at="compute=2e22"),
    ),
    "task-without-law": (
        lambda: straight(ACCURATE.with_columns(flat=pl.lit(0.5)), then=["accuracy", "flat"], at="compute=2e22"),
        lambda: straight(ACCURATE.with_columns(b=pl.col("accuracy") ** 2), then=["accuracy", "b"], at="compute=2e22"),
    ),
    "then-outside-range": (
        lambda: straight(ACCURATE, then="accuracy", at="compute=1e28"),
        lambda: straight(ACCURATE, then="accuracy", at="compute=2e22"),
    ),
    "unmatched-targets": (lambda: targets("g0", "other"), lambda: targets("g0", "g1")),
}

COMPARISON = {
    "similar-groups": (
        lambda: compared(
            SAME_LAW.with_columns(g=pl.when(pl.col("g") == "a").then(pl.lit("Run_A")).otherwise(pl.lit("run a")))
        ),
        lambda: compared(SAME_LAW),
    ),
    "copied-groups": (
        lambda: compared(COPIED),
        lambda: compared(COPIED.with_columns(pl.col("loss").round(2))),
    ),
    "bits-and-nats": (
        lambda: compared(
            SAME_LAW.with_columns(pl.when(pl.col("g") == "a").then(pl.col("loss") / np.log(2)).otherwise("loss"))
        ),
        lambda: compared(SAME_LAW),
    ),
    "large-multiplier": (
        lambda: compared(two((1.5, -0.15, 1.7), (3.5, -0.15, 1.7))),
        lambda: compared(two((1.5, -0.15, 1.7), (1.6, -0.15, 1.7))),
    ),
    "pinned-floor": (
        lambda: compared(two((1.5, -0.15, 1.7), (1.4, -0.15, 1.7)), fix={"b": -0.15, "c": 1.7}),
        lambda: compared(SAME_LAW),
    ),
    "floor-open": (
        lambda: compared(two((1.5, -0.03, 1.0), (1.5, -0.03, 1.0), noise=0.01)),
        lambda: compared(SAME_LAW),
    ),
    "apparent-exponents": (
        lambda: compared(two((3.0, -0.05, 0.0), (3.0, -0.05, 0.0)), law="power"),
        lambda: compared(SAME_LAW),
    ),
    "shared-floor-rejected": (
        lambda: compared(two((1.5, -0.15, 1.7), (1.5, -0.15, 1.9)), shared_floor=True),
        lambda: compared(SAME_LAW, shared_floor=True),
    ),
    "doubtful-sharing": (
        lambda: compared(two((1.5, -0.15, 1.7), (1.5, -0.15, 1.717)), shared_floor=True),
        lambda: compared(two((1.5, -0.15, 1.7), (1.5, -0.15, 1.71)), shared_floor=True),
    ),
    "share-rejected": (
        lambda: compared(two((1.5, -0.15, 1.7), (1.5, -0.15, 1.9)), share="a,c"),
        lambda: compared(SAME_LAW, share="c"),
    ),
    "coarse-p-values": (
        lambda: compared(groups(3), replicates=40),
        lambda: compared(SAME_LAW, replicates=199),
    ),
    "low-power": (lambda: compared(two((1.5, -0.15, 1.7), (1.5, -0.15, 1.7), noise=0.05)), lambda: compared(SAME_LAW)),
}


def pooled(samples):
    """The best pools for so many samples, of two that are nearly as good, from runs of at most 100 million samples."""
    sizes, epochs = (each.ravel() for each in np.meshgrid([1e6, 1e7], [1.0, 2.0, 4.0, 10.0]))
    law, frames = find_law("utility-decay"), []
    for name, b in (("best", -0.22), ("next", -0.21)):
        error = law.predict({"a": 30.0, "b": b, "tau": 2.0, "d": 0.1}, {"unique_samples": sizes, "epochs": epochs})
        frames.append(pl.DataFrame({"pool": name, "unique_samples": sizes, "epochs": epochs, "error": error}))
    return scaling.optimal_allocation(
        pl.concat(frames), law="utility-decay", loss="error", loss_unit="other", by="pool", share="a,d",
        interval="none", budget=samples,
    )  # fmt: skip


ALLOCATION = {
    "limited": (lambda: split(surface(), max_params="1e8"), lambda: split(surface(), max_params="1e12")),
    "far-reach": (lambda: split(surface(), budget=1e24), lambda: split(surface(), budget=5e21)),
    "small-budget": (lambda: split(surface(), budget=1e16), lambda: split(surface(), budget=2e17)),
    "split-off-budget": (
        lambda: split(counted(1.3), approach="isoflop"),
        lambda: split(counted(1.0), approach="isoflop"),
    ),
    "split-by-6nd": (lambda: split(counted(1.3)), lambda: split(counted(1.0))),
    "unanswered": (
        lambda: from_saved(scaling.optimal_allocation, 0, target_loss=(2.0, 0.5)),
        lambda: from_saved(scaling.optimal_allocation, 0, target_loss=(2.0, 2.1)),
    ),
    "many-epochs": (
        lambda: split(surface(), budget=1e22, unique_tokens="1e9"),
        lambda: split(surface(), budget=1e22, unique_tokens="1e12"),
    ),
    "falls-again": (lambda: split(lowered(), law=LOWERED, fix=FALL), lambda: split(surface())),
    "search-end": (
        lambda: split(swept(), law=SWEPT, search="knob=1..2"),
        lambda: split(swept(), law=SWEPT, search="knob=1..16"),
    ),
    "search-beyond": (
        lambda: split(swept(last=2.0), law=SWEPT, search="knob=1..16"),
        lambda: split(swept(), law=SWEPT, search="knob=1..16"),
    ),
    "mixture-corner": (
        lambda: split(shared(0.1), law=SHARED, search="mixture", map=WEB_AND_CODE),
        lambda: split(shared(0.0), law=SHARED, search="mixture", map=WEB_AND_CODE),
    ),
    "rule-column-varies": (
        lambda: split(swept(), flops_rule="6 * params * tokens * knob"),
        lambda: split(swept(), flops_rule="6 * params * tokens * knob", hold="knob=4"),
    ),
    "pools-overlap": (lambda: pooled(1e9), lambda: pooled(1e6)),
    "far-samples": (lambda: pooled(2e9), lambda: pooled(1e8)),
    "training-exponents": (lambda: split(surface(), inference_tokens="1e12"), lambda: split(surface())),
    "published-repetition": (lambda: split(surface(), unique_tokens="1e12"), lambda: split(surface())),
    "sparse-peak": (
        lambda: split(surface(), gpus=8, peak_flops=1979e12, mfu=0.4),
        lambda: split(surface(), gpus=8, peak_flops=989e12, mfu=0.4),
    ),
    "high-mfu": (
        lambda: split(surface(), gpus=8, peak_flops="h100", mfu=0.9),
        lambda: split(surface(), gpus=8, peak_flops="h100", mfu=0.4),
    ),
    "budgets-refused": (
        lambda: split(ISOFLOPS.vstack(ONE_SIDED), approach="isoflop"),
        lambda: split(ISOFLOPS, approach="isoflop"),
    ),
    "few-budgets": (
        lambda: split(surface(budgets=(1e18, 1e20), offsets=(-1.2, -0.4, 0.4, 0.8, 1.2, 1.6)), approach="isoflop"),
        lambda: isoflop(),
    ),
    "thin-side": (lambda: split(surface(offsets=(-0.3, 0.4, 0.9, 1.5, 2.0)), approach="isoflop"), lambda: isoflop()),
    "drifting-grid": (
        lambda: isoflop(
            ASYMMETRIC, low=-2, high=2, sizes=11, drift=0.15, noise=0.0, profile="parabola", interval="wild", **FEW
        ),
        lambda: isoflop(SYMMETRIC, noise=0.0, profile="parabola", interval="wild", **FEW),
    ),
    "parabola-bias": (
        lambda: isoflop(ASYMMETRIC, noise=0.0, profile="parabola"),
        lambda: isoflop(SYMMETRIC, noise=0.0, profile="parabola"),
    ),
    "replicates-lost": (
        lambda: isoflop(low=-0.6, high=0.6, sizes=5, noise=0.004, interval="wild", **FEW),
        lambda: isoflop(noise=0.0005, interval="wild", **FEW),
    ),
    "profiles-differ": (
        lambda: split(
            surface(budgets=(1e18, 1e20), offsets=(-1.2, -0.4, 0.4, 0.8, 1.2, 1.6), noise=0.004), approach="isoflop"
        ),
        lambda: isoflop(noise=0.0),
    ),
    "grid-edge": (lambda: split(COARSE, **BARE), lambda: split(THIN_ENDS, **BARE)),
    "unfinished-schedules": (lambda: split(SHORT, **BARE), lambda: split(COARSE, **BARE)),
    "schedule-ends": (lambda: split(DECAYED, **BARE), lambda: split(LENGTHS, **BARE)),
    "no-waste-band": (lambda: split(COARSE, **BARE), lambda: isoflop()),
    "approach-skipped": (lambda: split(surface(), approach="all"), lambda: split(surface(), approach="parametric")),
    "approaches-disagree": (
        lambda: split(bent_by_tokens(0.8), approach="all", interval="wild", **FEW),
        lambda: split(surface(), approach="all", interval="wild", **FEW),
    ),
    "unstable-exponent": (
        lambda: split(bent_by_tokens(-0.3), interval="wild", **FEW),
        lambda: split(bent_by_tokens(0.0), interval="wild", **FEW),
    ),
}


def distilled(teachers):
    """A fit of students of teachers with these losses."""
    law, rng = find_law("distillation"), np.random.default_rng(0)
    columns, truth = draw_design(law, rng, 150), draw_parameters(law, rng)
    columns["teacher_loss"] = rng.choice(teachers, 150)
    observed = law.predict(dict(zip(law.names, truth, strict=True)), columns) * np.exp(0.003 * rng.standard_normal(150))
    problem = problem_from_arrays(law, columns, observed, np.arange(150))
    return fit(grouped(problem), Settings(interval="none"))[1]


@functools.cache
def planned(gamma):
    """A plan for runs that are additive in the losses from params and tokens, or in a power of them."""
    frame = surface(noise=0.001)
    parts = ((482 / frame["params"] ** 0.35), (2085 / frame["tokens"] ** 0.37))
    lost = 1.82 + sum(part ** (1 / gamma) for part in parts) ** gamma
    noise = np.exp(0.001 * np.random.default_rng(0).standard_normal(len(lost)))
    return scaling.plan(frame.with_columns(loss=lost * noise), budget=1e21, goal="params@1e24", max_runs=8, **FEW)


def priced(hours):
    """A plan for runs that took so many GPU-hours."""
    return scaling.plan(surface().with_columns(gpu_hours=hours), budget=1e21, goal="alpha", max_runs=8, **FEW)


def doubts_of_plan(width):
    """The caveats about a plan after which a goal would have an interval of this width."""
    result = planned(1.0).results[0]
    goals = (replace(result.goals[0], width_after=width),)
    return plan_doubts(replace(result, goals=goals), [], {})


def scored(*, knew, bits=False, column="loss_bits"):
    """A forecast that is scored by the runs it was made from, or by others at the same places, perhaps in bits."""
    column = column if bits else "loss"
    with TemporaryDirectory() as folder:
        runs, others, forecast = (Path(folder) / name for name in ("runs.csv", "others.csv", "forecast.json"))
        frame = surface(noise=0.001)
        frame.write_csv(runs)
        later = surface(noise=0.0011)
        later.with_columns(pl.col("loss") / (np.log(2) if bits else 1)).rename({"loss": column}).write_csv(others)
        largest = frame.sort("params").row(-1, named=True)
        place = f"params={largest['params']},tokens={largest['tokens']}"
        scaling.extrapolate(str(runs), at=[place], **FEW).save(forecast)
        return scaling.score([str(forecast), str(runs if knew else others)], loss=column)


def published(fit):
    return scaling.plan(law=f"chinchilla:{fit}", budget=1e21, goal="params@1e24", max_runs=8)


PLAN = {
    "parameters-unknown": (lambda: distilled([2.3, 2.301]), lambda: distilled(np.linspace(2.0, 3.0, 150))),
    "guessed-uncertainty": (lambda: published("hoffmann"), lambda: published("besiroglu")),
    "forecast-knew-runs": (lambda: scored(knew=True), lambda: scored(knew=False)),
    "score-in-bits": (
        lambda: scored(knew=False, bits=True, column="loss"),
        lambda: scored(knew=False, bits=True),
    ),
    "forecast-converted": (lambda: scored(knew=False, bits=True), lambda: scored(knew=False)),
    "plan-other-law": (lambda: planned(0.6), lambda: planned(1.0)),
    "cost-not-fitted": (
        lambda: priced(pl.lit(7.0)),
        lambda: priced(pl.col("params") * pl.col("tokens") / 1e18),
    ),
    "plan-unknown-goal": (lambda: doubts_of_plan(np.inf), lambda: doubts_of_plan(0.2)),
}
CASES = {**FIT, **FORECAST, **COMPARISON, **ALLOCATION, **PLAN}
