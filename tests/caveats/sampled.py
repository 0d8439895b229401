"""For each caveat about coverage: attempts for which it must appear, and similar ones for which it must not."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import polars as pl

import scaling_cli as scaling
from scaling_cli.data.samples import load as reader
from scaling_cli.data.samples.verifications import read_verifications
from scaling_cli.options.inference_coverage import InferenceCoverage
from tests.caveats.remembered import remembered
from tests.data.loading import load_samples

COST = {"params": "1B", "tokens_out": "50"}


def counts(attempts, solved):
    """A table of counts."""
    names = [f"p{place}" for place in range(len(solved))]
    return pl.DataFrame({"problem": names, "n": np.broadcast_to(attempts, len(solved)), "c": solved})


def sampled(attempts, problems=60, a=0.5, b=2.0, seed=0):
    """Problems whose chances follow a beta distribution."""
    rng = np.random.default_rng(seed)
    return counts(attempts, rng.binomial(attempts, rng.beta(a, b, problems)))


@remembered
def covered(log, **options):
    """The caveats of a coverage curve."""
    return scaling.inference_coverage(log, replicates=100, **options).caveats


def estimated(log, **options):
    """The caveats of a coverage curve to which no law is fitted."""
    return covered(log, laws="none", **options)


def fitted(log, **options):
    """The caveats of a coverage curve to which one law is fitted."""
    return covered(log, laws="beta-binomial", **options)


def bought(**options):
    """The caveats of attempts that cost compute."""
    return fitted(sampled(50), **({"budgets": "1e13flops", "prices": COST} | options))


def of_files(*chances):
    """The caveats of files with attempts at the same problems, which succeed with these chances."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{place}.csv" for place in range(len(chances))]
        for place, (path, chance) in enumerate(zip(paths, chances, strict=True)):
            solved = np.random.default_rng(place).random(800) < chance
            pl.DataFrame({"problem": np.arange(800) % 40, "correct": solved}).write_csv(path)
        return scaling.inference_coverage(paths, replicates=100, laws="none").caveats


def attempts(problems=40, each=8, seed=0, **columns):
    """One row for each attempt."""
    rng = np.random.default_rng(seed)
    chance = np.repeat(rng.beta(0.5, 2.0, problems), each)
    return pl.DataFrame(
        {
            "problem": np.repeat([f"p{place}" for place in range(problems)], each),
            "attempt": np.tile(np.arange(each), problems),
            "correct": rng.random(problems * each) < chance,
        }
    ).with_columns(**{name: pl.lit(value) for name, value in columns.items()})


def stopped(batch=1):
    """Attempts that end with the first success of each problem."""
    rng = np.random.default_rng(0)
    lengths = np.minimum(rng.geometric(rng.uniform(0.05, 0.6, 40)), 60) * batch
    rows = [(f"p{n}", k, k == length - 1) for n, length in enumerate(lengths) for k in range(length)]
    return pl.DataFrame(rows, schema=["problem", "attempt", "correct"], orient="row")


def went_on():
    """Four attempts at each problem, and sixteen more where none of them succeeds."""
    rng = np.random.default_rng(0)
    made = rng.random((60, 20)) < rng.uniform(0.02, 0.5, (60, 1))
    lengths = np.where(made[:, :4].any(axis=1), 4, 20)
    rows = [(f"p{n}", k, bool(made[n, k])) for n, length in enumerate(lengths) for k in range(length)]
    return pl.DataFrame(rows, schema=["problem", "attempt", "correct"], orient="row")


READ = attempts()
WORDS = READ.with_columns(correct=pl.when("correct").then(pl.lit("pass")).otherwise(pl.lit("fail")))
FIRST = pl.col("attempt") == 0
SPELT = pl.when(FIRST).then(pl.lit("A 1_")).otherwise(pl.lit("a-1_"))
EVEN = counts(50, np.random.default_rng(0).integers(1, 40, 40))
SMALL = counts(50, [0, 1, 2, 5, 10, 30, 0, 3])
SHORT = counts(np.array([10] * 30 + [4] * 30), [2, 0, 1] * 20)
MATRIX = pl.DataFrame({"problem": ["a", "b"], "run_0": [0, 1], "run_1": [0, 0], "run_2": [1, 1]})
TWO_TASKS = pl.concat([attempts(task="x"), attempts(task="y", seed=1)])


JUDGED = pl.DataFrame(
    {"problem": f"p{i}", "attempt": 1, "correct": 1, "verdict": int(v > 0), "verification": v}
    for i in range(20)
    for v in range(3)
)


def judged(rows):
    """The caveats of reading verifications."""
    return reader.load_samples(rows, InferenceCoverage(verified="verdict", verify_cost=1.0), read_verifications).caveats


def verified(top=40.0, *, lacks=False, budget=()):
    """Solutions and verifications of 20 problems, of which about `top` solutions are best at the largest budgets."""
    generator, rows = np.random.default_rng(0), []
    for problem in range(20):
        for solutions in (1, 4, 16, 64):
            for verifications in (1, 4, 16, 64):
                off = np.log(solutions) - np.log(top) / 2 - 0.5 * (np.log(solutions) + np.log1p(verifications)) + 2
                chance = 1 / (1 + np.exp(0.3 * off**2 - 0.3 * np.log(solutions * (1 + verifications))))
                rows.append((f"p{problem}", solutions, verifications, int(generator.random() < chance)))
    table = pl.DataFrame(rows, schema=["problem", "s", "v", "correct"], orient="row")
    return scaling.inference_coverage(
        table[1:] if lacks else table, solutions="s", verifications="v", replicates=100, budget=budget,
        model_params="1B", tokens_out=100,
    )  # fmt: skip


CASES = {
    "settings-left-out": (lambda: verified(lacks=True), lambda: verified()),
    "budget-outside-settings": (lambda: verified(budget="1e17flops"), lambda: verified(budget="1e13flops")),
    "split-at-end": (lambda: verified(1e6), lambda: verified(budget="1e13flops")),
    "pooled-tasks": (lambda: load_samples(TWO_TASKS), lambda: load_samples(TWO_TASKS, by=["task"])),
    "other-problems": (
        lambda: load_samples(READ.with_columns(task_id=pl.format("{}-{}", "problem", pl.col("attempt") % 2))),
        lambda: load_samples(READ.with_columns(task_id="problem")),
    ),
    "similar-problems": (
        lambda: load_samples(READ.with_columns(problem=pl.concat_str(SPELT, "problem"))),
        lambda: load_samples(READ.with_columns(problem=pl.concat_str(pl.lit("A-1_"), "problem"))),
    ),
    "unknown-outcomes": (
        lambda: load_samples(
            WORDS.with_columns(pl.when(FIRST).then(pl.lit("odd")).otherwise("correct").alias("correct"))
        ),
        lambda: load_samples(WORDS),
    ),
    "missing-outcomes": (
        lambda: load_samples(READ.with_columns(pl.when(~FIRST).then("correct").alias("correct"))),
        lambda: load_samples(READ),
    ),
    "missing-verdicts": (
        lambda: load_samples(
            READ.with_columns(pl.when(~FIRST).then(1).alias("verified")), mapping={"verified": "verified"}
        ),
        lambda: load_samples(READ.with_columns(verified=1), mapping={"verified": "verified"}),
    ),
    "missing-scores": (
        lambda: load_samples(READ.with_columns(pl.when(~FIRST).then(1.5).alias("rank")), mapping={"score": "rank"}),
        lambda: load_samples(READ.with_columns(rank=1.5), mapping={"score": "rank"}),
    ),
    "uncounted-columns": (
        lambda: load_samples(MATRIX.with_columns(any=pl.max_horizontal("run_0", "run_1", "run_2"))),
        lambda: load_samples(MATRIX),
    ),
    "unattempted-problems": (
        lambda: load_samples(pl.DataFrame({"problem": ["a", "b", "c"], "n": [0, 8, 8], "c": [0, 3, 5]})),
        lambda: load_samples(pl.DataFrame({"problem": ["a", "b", "c"], "n": [1, 8, 8], "c": [0, 3, 5]})),
    ),
    "stop-at-success": (lambda: estimated(stopped()), lambda: estimated(READ)),
    "sampled-until-solved": (lambda: estimated(went_on()), lambda: estimated(READ)),
    "short-problems": (lambda: estimated(SHORT, k="1,8"), lambda: estimated(SHORT, k="1,4")),
    "short-problems-dropped": (
        lambda: estimated(SHORT, k="8", short="drop"),
        lambda: estimated(SHORT, k="4", short="drop"),
    ),
    "all-alike": (lambda: fitted(counts(50, [0] * 30)), lambda: fitted(counts(50, [0] * 29 + [3]))),
    "all-solved": (lambda: fitted(EVEN), lambda: fitted(sampled(50))),
    "deterministic-sampling": (lambda: fitted(counts(8, [0, 8] * 20)), lambda: fitted(counts(8, [0, 8] * 20 + [3]))),
    "near-ceiling": (
        lambda: covered(sampled(200, a=0.6, b=3), laws="power-law"),
        lambda: covered(sampled(50, a=0.3, b=6), laws="power-law"),
    ),
    "one-problem": (lambda: estimated(counts(200, [61])), lambda: estimated(counts(200, [61, 20]))),
    "pooled-settings": (
        lambda: estimated(pl.concat([attempts(temperature=0.2), attempts(temperature=1.0, seed=1)])),
        lambda: estimated(attempts(temperature=1.0)),
    ),
    "files-differ": (lambda: of_files(0.5, 0.1), lambda: of_files(0.5, 0.5)),
    "no-coverage-interval": (
        lambda: estimated(counts(4, [0, 4])),
        lambda: estimated(sampled(50)),
    ),
    "few-problems": (lambda: estimated(SMALL), lambda: estimated(sampled(50))),
    "law-not-fitted": (
        lambda: covered(counts(2, [0, 1] * 20), laws="power-law"),
        lambda: covered(sampled(50), laws="power-law"),
    ),
    "overdispersion-not-identified": (lambda: fitted(counts(32, [3, 4] * 20)), lambda: fitted(sampled(50))),
    "far-extrapolation": (lambda: fitted(sampled(50), to="1e5"), lambda: fitted(sampled(50), to="1e3")),
    "laws-disagree": (
        lambda: covered(counts(32, [0] * 34 + [1] * 4 + [5, 20]), to="3200"),
        lambda: covered(sampled(50), to="100"),
    ),
    "ceiling-not-identified": (
        lambda: covered(sampled(100), laws="zero-inflated"),
        lambda: covered(counts(100, [0] * 100 + [50, 60, 40, 70] * 25), laws="zero-inflated"),
    ),
    "poor-track-record": (lambda: fitted(SMALL), lambda: fitted(sampled(200, problems=300))),
    "false-positives": (
        lambda: estimated(sampled(200), fpr=0.02, k="1,100"),
        lambda: estimated(sampled(200), fpr=1e-4, k="1,100"),
    ),
    "unlike-rates": (
        lambda: estimated(sampled(200), fpr=0.1, k="1,10"),
        lambda: estimated(sampled(200), fpr=0.1, k="1,10", labels="truth"),
    ),
    "beyond-attempts": (lambda: bought(budgets="2e13flops"), lambda: bought(budgets="1e12flops")),
    "attention-heavy": (lambda: bought(prices=COST | {"kv_dim": "1e9"}), lambda: bought()),
    "repeated-attempts": (lambda: load_samples(pl.concat([READ, READ.filter(FIRST)])), lambda: load_samples(READ)),
    "repeated-verifications": (
        lambda: judged(pl.concat([JUDGED, JUDGED.head(1)])),
        lambda: judged(JUDGED),
    ),
    "doubled-verifications": (
        lambda: judged(pl.concat([JUDGED, JUDGED]).drop("verification")),
        lambda: judged(JUDGED.drop("verification")),
    ),
}
