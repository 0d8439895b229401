"""Caveats: what their sentences must say, and data for which they must appear, under the code that scripts use."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.forecast.doubts import run_doubts
from scaling_cli.analysis.forecast.targets import Places
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.caveats import SENTENCES, allocation, caveat, comparison, coverage, data, fit, forecast
from scaling_cli.caveats.order import MAY_BE_WRONG, SAYS_HOW, rank
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.problem import problem_from_arrays
from scaling_cli.fitting.ranking import fit_best
from scaling_cli.laws import find_law
from tests import ROOT
from tests.cli.running import run
from tests.factories import grouped

FEW = {"replicates": 60}
COST = {"params": "1B", "tokens_out": "50"}


def surface(budgets=(1e18, 1e19, 1e20, 1e21), offsets=(-1.5, -0.75, 0, 0.75, 1.5), noise=0.002):
    """An IsoFLOP grid: the logs of params lie at `offsets` from the middle."""
    rng = np.random.default_rng(0)
    compute, offset = (axis.ravel() for axis in np.meshgrid(budgets, offsets, indexing="ij"))
    params = np.sqrt(compute / 120) * np.exp(offset)
    tokens = compute / 6 / params
    loss = (1.82 + 482 / params**0.35 + 2085 / tokens**0.37) * np.exp(noise * rng.standard_normal(len(params)))
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss})


def line(points=12, noise=0.004, floor=0.0, seed=0, last=22.0, exponent=-0.06):
    """Losses along compute."""
    compute = np.logspace(18 if last > 21 else 20, last, points)
    off = np.exp(noise * np.random.default_rng(seed).standard_normal(points))
    return pl.DataFrame({"compute": compute, "loss": (30 * compute**exponent + floor) * off})


def groups(count):
    return pl.concat([line(seed=seed).with_columns(pl.lit(f"g{seed}").alias("g")) for seed in range(count)])


def counts(attempts, solved):
    names = [f"p{place}" for place in range(len(solved))]
    return pl.DataFrame({"problem": names, "n": [attempts] * len(solved), "c": solved})


def sampled(attempts, problems=60, a=0.5, b=2.0):
    """Problems whose chances follow a beta distribution."""
    rng = np.random.default_rng(0)
    return counts(attempts, rng.binomial(attempts, rng.beta(a, b, problems)))


def falling_then_flat():
    """A power law's fit to losses that stop falling halfway, which the last loss predicts better."""
    x = np.logspace(18, 22, 20)
    loss = 30 * np.minimum(x, 1e20) ** -0.06 * np.exp(0.001 * np.random.default_rng(0).standard_normal(20))
    problem = problem_from_arrays(find_law("power"), {"x": x}, loss, np.arange(20))
    return fit_best([grouped(problem, scale=x)], Settings(interval="none"))[1]


def unmatched(folder):
    (folder / "targets.csv").write_text("g,compute\ng0,1e23\nother,1e23\n")
    return scaling.extrapolate(groups(2), by="g", targets=folder / "targets.csv", law="power", replicates=40)


def with_accuracy():
    return line(20, noise=0.001).with_columns(accuracy=1 / (1 + (pl.col("loss") - 2).exp()))


PROVOKED = {
    "replicates-failed": lambda: scaling.fit(
        line(6, noise=0.2, floor=2.0), law="shifted-power", interval="bootstrap", **FEW
    ),
    "replicates-at-bound": lambda: scaling.fit(line(), law="power-constant", **FEW),
    "open-interval": lambda: scaling.fit(
        line(10, noise=0.02, floor=1.0), law="power-constant", interval="profile"
    ),
    "coarse-p-values": lambda: scaling.compare_exponents(groups(4), by="g", law="power-constant", replicates=40),
    "far-reach": lambda: scaling.optimal_allocation(surface(), budget=1e24, interval="none"),
    "high-mfu": lambda: scaling.optimal_allocation(
        surface(), budget=1e21, interval="none", mfu=0.9, gpus=8, peak_flops="h100"
    ),
    "few-budgets": lambda: isoflop(budgets=(1e18, 1e20), offsets=(-1.2, -0.4, 0.4, 0.8, 1.2, 1.6), noise=0.004),
    "profiles-differ": lambda: isoflop(budgets=(1e18, 1e20), offsets=(-1.2, -0.4, 0.4, 0.8, 1.2, 1.6), noise=0.004),
    "thin-side": lambda: isoflop(offsets=(-0.3, 0.4, 0.9, 1.5, 2.0)),
    "replicates-lost": lambda: isoflop(offsets=(-0.6, -0.3, 0.0, 0.3, 0.6), noise=0.004),
    "all-solved": lambda: covered(counts(50, np.random.default_rng(0).integers(1, 40, 40))),
    "few-problems": lambda: covered(counts(50, [0, 1, 2, 5, 10, 30, 0, 3])),
    "near-ceiling": lambda: covered(sampled(200, a=0.6, b=3)),
    "law-not-fitted": lambda: covered(counts(2, [0, 1] * 20), laws="power-law"),
    "ceiling-not-identified": lambda: covered(sampled(100), laws="all"),
    "poor-track-record": lambda: covered(counts(50, [0, 1, 2, 5, 10, 30, 0, 3])),
    "beyond-attempts": lambda: covered(sampled(50), budgets="2e13flops", prices=COST),
    "far-extrapolation": lambda: covered(sampled(50), budgets="2e15flops", prices=COST),
    "attention-heavy": lambda: covered(sampled(50), budgets="1e13flops", prices=COST | {"kv_dim": "1e9"}),
    "off-hull": lambda: scaling.extrapolate(surface(), at="params=1e7,tokens=1e12", replicates=40),
    "no-rolling-origin": lambda: scaling.extrapolate(line(6, last=20.3), replicates=40),
    "pooled-sizes": lambda: scaling.extrapolate(surface(), x="tokens", law="power", replicates=40),
    "target-below-floor": lambda: scaling.extrapolate(
        line(20, noise=0.001, floor=1.5, exponent=-0.1), target_loss=1.0, replicates=40
    ),
    "then-outside-range": lambda: scaling.extrapolate(
        with_accuracy(), then="accuracy", at="compute=1e28", replicates=40
    ),
}  # fmt: skip


def isoflop(**grid):
    return scaling.optimal_allocation(surface(**grid), budget=1e21, approach="isoflop", **FEW)


def codes(report):
    return {doubt.code for doubt in report.caveats}


def covered(log, **options):
    return scaling.inference_coverage(log, replicates=100, **options)


# The verbs that a caveat's last sentence may start with: what a reader can do.
ACTIONS = (
    "Add", "Allow", "Check", "Choose", "Compare", "Convert", "Correct", "Fill", "Find", "Fit", "Give", "Join", "Keep",
    "Leave", "Loosen", "Name", "Remove", "Report", "Sample", "Skip", "Try", "Use",
)  # fmt: skip
CONDITION = re.compile(r"(?:If|To) [^,]+, (?P<rest>.*)")
# Wording that a reader has to read twice: say what a thing is, and call data, runs and laws what they are.
RIDDLES = re.compile(
    r"\b(?:is no|told|tells?|anew|alike|apart|(?:a|an) (?:row|fit|run|line) (?:a|an)|meets?|belie\w+|earns?|rouse\w*|"
    r"blame\w*|leaves|answers?)\b"
)
COMMANDS = ("columns", "fit", "extrapolate", "compare-exponents", "optimal-allocation")


@pytest.fixture(scope="module")
def options():
    """The options of each command, as its help lists them."""
    return {
        command: set(re.findall(r"--[a-z][a-z-]*", run(command, "--help").stdout))
        for command in (*COMMANDS, "inference-coverage")
    }


def last_sentence(sentence):
    """What to do, without a condition such as "If it does, "."""
    last = re.split(r"(?<=[.}]) (?=[A-Z{])", sentence)[-1]
    condition = CONDITION.match(last)
    return condition["rest"].capitalize() if condition else last


@pytest.mark.parametrize("code", SENTENCES)
def test_every_caveat_ends_in_something_to_do(code):
    """A remedy that depends on the data is filled in: it then is the hint of an error, or starts with a verb."""
    last = last_sentence(SENTENCES[code])
    assert last.startswith((*(f"{verb} " for verb in ACTIONS), "{hint}", "{remedy}")), last
    assert last.endswith((".", "{hint}"))


@pytest.mark.parametrize("code", SENTENCES)
def test_every_caveat_says_what_is_wrong_before_what_to_do(code):
    sentences = re.split(r"(?<=[.}]) (?=[A-Z{])", SENTENCES[code])
    assert 2 <= len(sentences) <= 3
    assert not RIDDLES.search(SENTENCES[code])


@pytest.mark.parametrize("module", [data, fit, forecast, comparison, allocation, coverage])
def test_caveats_name_options_and_laws_that_exist(module, options):
    """Sentences about runs and fits are for every command that reads runs."""
    commands = {
        forecast: ["extrapolate"],
        comparison: ["compare-exponents"],
        allocation: ["optimal-allocation"],
        coverage: ["inference-coverage"],
    }.get(module, COMMANDS)
    known = set().union(*(options[command] for command in commands))
    for code, sentence in module.SENTENCES.items():
        assert set(re.findall(r"--[a-z][a-z-]*", sentence)) <= known, code
        for law in re.findall(r"--law ([a-z-]+)", sentence):
            assert find_law(law)
        for command in re.findall(r"`scaling ([a-z-]+)", sentence):
            assert command in (*COMMANDS, "laws"), code


@pytest.mark.parametrize("code", PROVOKED)
def test_the_caveat_fires_where_it_should(code):
    assert code in codes(PROVOKED[code]())


def test_a_baseline_that_wins_is_a_caveat():
    assert "baseline-wins" in {doubt.code for doubt in falling_then_flat()}


def test_targets_of_no_group_are_a_caveat(tmp_path):
    assert "unmatched-targets" in codes(unmatched(tmp_path))


def test_losses_that_rise_with_tokens_are_a_caveat():
    params, tokens = (axis.ravel() for axis in np.meshgrid([1e8, 1e9], np.geomspace(1e9, 1e11, 5)))
    loss = 2 + 400 / params**0.34 + 0.1 * np.log(tokens / 1e9)
    points = ForecastPoints({"params": params, "tokens": tokens}, loss, np.arange(10), 6 * params * tokens)
    (doubt,) = run_doubts(None, 0.01, points, Places((), {}, np.array([])), {})
    assert doubt.code == "rising-loss"


@pytest.mark.parametrize(
    ("reach", "written"),
    [(12.0, "12"), (333_333.0, "333,333"), (999_998_116_661_547_008.0, "1e18"), (1.26e6, "1.3e6")],
)
def test_factors_are_written_out_up_to_a_million(reach, written):
    assert f" is {written} times the largest run" in caveat("far-reach", compute="1e24", reach=reach).message


def test_every_caveat_in_the_order_exists_and_stands_there_once():
    assert not MAY_BE_WRONG & SAYS_HOW
    assert SENTENCES.keys() >= MAY_BE_WRONG | SAYS_HOW


def test_what_may_change_the_answer_is_listed_first():
    ran = run("fit", "sample_data/optimizers.csv", "--where", "optimizer = 'adamw'", "--json", "--interval", "none",
              cwd=ROOT)  # fmt: skip
    ranks = [rank(each["code"]) for each in json.loads(ran.stdout)["caveats"]]
    assert ranks == sorted(ranks)
