"""Every option that a command lists changes its answer, or its help says that the answer stays the same."""

from __future__ import annotations

import functools

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.cli.help import sections_of
from scaling_cli.document.write import plain
from scaling_cli.errors import ScalingError
from scaling_cli.options.commands import LIBRARY, find_command
from scaling_cli.options.output import Drawn, Launched, Output, Saved
from scaling_cli.options.watch import Watching
from scaling_cli.options.work import Batch, Work
from tests.cli.running import run_here as run
from tests.grids import one_of_each

E, A, B, ALPHA, BETA = 1.8, 480.0, 2100.0, 0.35, 0.37


def runs() -> pl.DataFrame:
    """IsoFLOP runs of two groups, three checkpoints each, with columns for every option to name."""
    generator = np.random.default_rng(5)
    rows = []
    for group in ("one", "two"):
        for compute in (1e19, 1e20, 1e21, 1e22):
            for share in np.geomspace(0.15, 6, 7):
                params = share * np.sqrt(compute / 6 / 20)
                for step, part in enumerate((0.3, 0.6, 1.0), 1):
                    tokens = part * compute / 6 / params
                    loss = (E + A / params**ALPHA + B / tokens**BETA) * np.exp(generator.normal(0, 0.003))
                    rows.append(
                        {
                            "run_id": f"{group}-{compute:.0e}-n{params / 1e6:.3f}M", "params": params, "tokens": tokens,
                            "compute": 6 * params * tokens, "loss": loss, "step": step, "group": group,
                            "heavy": 1 + generator.random(), "accuracy": 1 / (1 + np.exp(4 * (loss - 2.6))),
                            "other_loss": loss + 0.3 + 0.1 * generator.random(), "seed": int(share > 1),
                            "big": params * 1.3, "many": tokens * 0.7, "spent": 7 * params * tokens,
                            "width": np.sqrt(params), "label": f"{group}{compute:.0e}", "moment": 4 - step,
                            "corpus": group, "tried": 50 + 10 * step, "share": round(50 / loss) / 50,
                        }
                    )  # fmt: skip
    return pl.DataFrame(rows)


def samples() -> pl.DataFrame:
    """Attempts of two models at forty problems, with columns for every option to name."""
    generator = np.random.default_rng(6)
    rows = []
    for model, skill in (("small", 1.0), ("large", 2.5)):
        for problem in range(40):
            chance = generator.beta(0.5 * skill, 4)
            for attempt in range(20):
                solved = int(generator.random() < chance)
                rows.append(
                    {
                        "model": model, "problem_id": f"p{problem}", "attempt": attempt, "correct": solved,
                        "other": int(generator.random() < 0.3), "task": f"t{problem // 4}", "judged": int(solved),
                        "reward": 0.6 * solved + 0.4 * generator.random(), "said": str(generator.integers(4) * solved),
                        "order": 19 - attempt,
                    }
                )  # fmt: skip
    return pl.DataFrame(rows)


RUNS, SAMPLES = runs(), samples()
COUNTS = SAMPLES.group_by("model", "problem_id").agg(n=pl.len(), c=pl.col("correct").sum()).with_columns(
    tries=pl.col("n") + 5, wins=pl.col("c") // 2
).sort("model", "problem_id")  # fmt: skip
STOPPED = SAMPLES.filter(
    (pl.col("correct").cum_sum().over("model", "problem_id") - pl.col("correct")) == 0
)  # each problem's attempts up to its first success
FEWER = RUNS.filter(pl.int_range(pl.len()) // 3 % 7 % 3 == 0)  # three sizes of each budget, for what takes long
TABLES = {"runs": RUNS, "fewer": FEWER, "samples": SAMPLES, "stopped": STOPPED}
BASE = {
    "fit": {"interval": "none"},
    "extrapolate": {"replicates": 20, "at": "compute=1e23"},
    "compare_exponents": {"by": "group", "replicates": 20, "law": "power-constant", "x": "compute"},
    "optimal_allocation": {"interval": "none"},
    "inference_coverage": {"by": "model", "replicates": 100, "k": "1,5", "fit": "beta-binomial"},
    "columns": {},
    "plan": {"goal": "params@1e24", "budget": 1e22, "replicates": 20, "law": "chinchilla-tied", "max_runs": 8},
}
READING = {
    "loss": "other_loss", "params": "big", "tokens": "many", "compute": "none", "run": "label", "step": "moment",
    "map": "loss=other_loss", "by": "group", "where": "params > 1e8", "checkpoints": "all", "skip_tokens": "100B",
    "sample_at": "tokens=5B,20B", "smooth": "50%", "params_from_name": "n([0-9.]+M)", "loss_unit": "perplexity",
    "flops_rule": "7 * params * tokens", "keep_diverged": True, "best_over": "seed",
}  # fmt: skip
FITTING = {
    "law": "general", "fix": "E=1.7", "tie": "alpha=beta", "objective": "lad", "delta": 1e-4, "weight": "heavy",
    "scale_weight": 1, "prior": "weak", "spread": True, "interval": "bootstrap", "level": 0.5, "replicates": 60,
    "seed": 3,
}  # fmt: skip
VALUES = READING | FITTING
CURVE = {"law": "power-constant"}
# What an option needs beside it, and the value to give: (value, further options).
SPECIAL = {
    ("fit", "x"): ("tokens", CURVE),
    ("fit", "steps_to"): ("2.6", {"law": "power", "x": "params"}),
    ("fit", "start"): ("a=0.2", {"law": "E + A*params^-a", "bound": "E=1,2"}),
    ("fit", "bound"): ("a=0.05,0.1", {"law": "E + A*params^-a"}),
    ("fit", "space"): ("linear", {}),
    ("fit", "leave_out"): ("group", {"law": "power-constant", "x": "compute"}),
    ("fit", "components"): (1, {"law": "observational", "x": "heavy,tokens", "loss": "share"}),
    ("fit", "share"): ("E", {"law": "chinchilla", "by": "group"}),
    ("fit", "derive"): ("ratio = B/A", {"law": "chinchilla"}),
    ("fit", "expect"): ("alpha=0.3", {"law": "chinchilla", "interval": "sandwich"}),
    ("fit", "trials"): ("tried", {"law": "bernoulli", "x": "compute", "loss": "share", "objective": "binomial"}),
    ("fit", "level"): (0.5, {"interval": "wild", "replicates": 40}),
    ("fit", "replicates"): (60, {"interval": "wild"}),
    ("fit", "seed"): (3, {"interval": "wild", "replicates": 40}),
    ("fit", "params_from_name"): ("n([0-9.]+M)", {"params": "none"}),
    ("extrapolate", "at"): ("compute=2e23", {}),
    ("extrapolate", "x"): ("tokens", {}),
    ("extrapolate", "start"): ("a=0.2", {"law": "E + A*params^-a + B*tokens^-b", "bound": "E=1.5,1.6"}),
    ("extrapolate", "bound"): ("a=0.05,0.1", {"law": "E + A*params^-a + B*tokens^-b"}),
    ("extrapolate", "fix"): ("E=1.7", {"law": "chinchilla"}),
    ("extrapolate", "tie"): ("alpha=beta", {"law": "chinchilla"}),
    ("extrapolate", "prior"): ("none", {}),
    ("extrapolate", "space"): ("linear", {"estimator": "describe"}),
    ("extrapolate", "interval"): ("bootstrap", {"estimator": "describe"}),
    ("extrapolate", "flops_rule"): ("7 * params * tokens", {"x": "compute"}),
    ("extrapolate", "then_law"): ("exponential-saturation", {"then": "accuracy"}),
    ("extrapolate", "chance"): (0.0001, {"then": "accuracy"}),
    ("extrapolate", "params_from_name"): ("n([0-9.]+M)", {"params": "none"}),
    ("compare_exponents", "law"): ("power", {}),
    ("compare_exponents", "exponent"): ("q", {"law": "E + A*params^-p + B*tokens^-q", "x": None}),
    ("compare_exponents", "same_metric"): (True, {"by": "corpus"}),
    ("compare_exponents", "start"): (
        "p=0.2", {"law": "E + A*compute^-p", "exponent": "p", "bound": "E=1,1.5", "x": None}
    ),
    ("compare_exponents", "bound"): ("p=0.05,0.1", {"law": "E + A*compute^-p", "exponent": "p", "x": None}),
    ("compare_exponents", "x"): ("tokens", {}),
    ("compare_exponents", "space"): ("linear", {}),
    ("compare_exponents", "by"): ("seed,group", {}),
    ("compare_exponents", "params"): ("big", {"x": "params"}),
    ("compare_exponents", "tokens"): ("many", {"x": "tokens"}),
    ("compare_exponents", "interval"): ("t", {}),
    ("compare_exponents", "params_from_name"): ("n([0-9.]+M)", {"params": "none", "x": "params"}),
    ("compare_exponents", "pair"): ("none", {"pair": "none"}),
    ("optimal_allocation", "hold"): ("heavy=2", {"law": "E + (A*params^-a + B*tokens^-b)*heavy^g"}),
    ("optimal_allocation", "search"): ("heavy=1..3", {"law": "E + (A*params^-a + B*tokens^-b)*heavy^g"}),
    ("optimal_allocation", "share"): ("E", {"law": "chinchilla", "by": "group"}),
    ("optimal_allocation", "inference_budget"): ("200M", {}),
    ("optimal_allocation", "recipe"): (True, {}),
    ("optimal_allocation", "profile"): ("parabola", {"approach": "isoflop"}),
    ("optimal_allocation", "approach"): ("isoflop", {}),
    ("optimal_allocation", "gpus"): (64, {"peak_flops": "h100", "mfu": 0.4}),
    ("optimal_allocation", "peak_flops"): ("a100", {"peak_flops": "h100", "mfu": 0.4}),
    ("optimal_allocation", "mfu"): (0.3, {"peak_flops": "h100", "mfu": 0.4}),
    ("optimal_allocation", "price_per_gpu_hour"): (2, {"peak_flops": "h100", "mfu": 0.4}),
    ("optimal_allocation", "space"): ("linear", {}),
    ("optimal_allocation", "interval"): ("wild", {"replicates": 40}),
    ("optimal_allocation", "level"): (0.5, {"interval": "wild", "replicates": 40}),
    ("optimal_allocation", "replicates"): (60, {"interval": "wild"}),
    ("optimal_allocation", "seed"): (3, {"interval": "wild", "replicates": 40}),
    ("optimal_allocation", "params_from_name"): ("n([0-9.]+M)", {"params": "none"}),
    ("plan", "law"): ("chinchilla", {}),
    ("plan", "recipe"): (True, {}),
    ("plan", "x"): ("tokens", {"law": "power-constant", "goal": "b"}),
    ("plan", "interval"): ("bootstrap", {}),
    ("plan", "gpus"): (64, {"peak_flops": "h100", "mfu": 0.4}),
    ("plan", "peak_flops"): ("a100", {"peak_flops": "h100", "mfu": 0.4}),
    ("plan", "mfu"): (0.3, {"peak_flops": "h100", "mfu": 0.4}),
    ("plan", "price_per_gpu_hour"): (2, {"peak_flops": "h100", "mfu": 0.4}),
    ("plan", "params_from_name"): ("n([0-9.]+M)", {"params": "none"}),
    ("columns", "compute"): ("spent", {}),
    ("columns", "flops_rule"): ("7 * params * tokens", {}),
    ("columns", "params_from_name"): ("n([0-9.]+M)", {"params": "none"}),
    ("columns", "by"): ("group", {}),
}  # fmt: skip
MONEY = {"budget": "0.01usd", "price_in": 1, "price_out": 4, "tokens_in": 500, "tokens_out": 500}
FLOPS = {"budget": "1e13flops", "model_params": "1B", "tokens_out": 100, "tokens_in": 50}
COVERAGE = {
    "tokens_in": (900, FLOPS), "tokens_out": (900, FLOPS), "model_params": ("2B", FLOPS),
    "k": ("1,2", {}), "fit": ("power-law", {}), "to": (1e4, {}), "force": (True, {"to": 1e7}), "backtest": (True, {}),
    "short": ("error", {"k": "1,30"}), "all_succeed": (True, {}), "compare": ("small", {}), "level": (0.5, {}),
    "band": ("simultaneous", {}), "replicates": (150, {}), "seed": (4, {}), "by": ("model,task", {}),
    "where": ("problem_id <> 'p1'", {}), "problem": ("task", {}),
    "attempt": ("order", {"attempt": "attempt", "design": "stop-at-success"}),
    "correct": ("other", {}), "score": ("reward", {}), "verified": ("judged", {}), "answer": ("said", {}),
    "cluster": ("task", {}), "threshold": (0.7, {"correct": "reward"}),
    "success": ("1", {"correct": "said"}), "design": ("stop-at-success", {}),
    "budget": ("0.02usd", MONEY), "target": (0.5, {}), "value": ("0.5usd", MONEY), "marginal": (0.01, {}),
    "policy": ("stop", MONEY), "mix": ("small", MONEY), "price_in": (2, MONEY), "price_out": (9, MONEY),
    "cache_read": (0.1, MONEY), "cache_write": (1.3, MONEY | {"cache_read": 0.1}), "verdict_price": (0.01, MONEY),
    "kv_dim": (8192, FLOPS | {"intensity": 100}), "intensity": (300, FLOPS | {"kv_dim": 8192}),
    "queries": (8, FLOPS | {"kv_dim": 8192, "intensity": 100}), "fpr": (0.05, {}), "tpr": (0.8, {"fpr": 0.05}),
    "labels": ("truth", {"fpr": 0.05, "tpr": 0.8}),
    "train_exchange": (4, {"pretrain_tokens": "1T", "inference_tokens": "200B"}),
    "pretrain_tokens": ("2T", {"train_exchange": 4, "pretrain_tokens": "1T", "inference_tokens": "200B"}),
    "inference_tokens": ("100B", {"train_exchange": 4, "pretrain_tokens": "1T", "inference_tokens": "200B"}),
}  # fmt: skip
ALLOCATION = {
    "budget": 1e23, "target_loss": 2.1, "explain_gap": True, "inference_tokens": "1T", "unique_tokens": "1B",
    "min_params": "500B", "max_params": "10M", "max_tokens": "1B",
}  # fmt: skip
COMPARISON = {"reference": "two", "shared_floor": True, "share": "c", "margin": 0.001, "to": "compute=1e30"}
FORECAST = {"target_loss": 2.1, "backtest": True, "estimator": "describe", "then": "accuracy"}
PLANNING = {
    "goal": "alpha", "budget": 1e21, "until": "width(params@1e24) < 0.09", "rounds": 2, "check_": True, "max_runs": 10,
    "min_compute": 1e20, "max_compute": 1e21, "sizes": "100M,1B,10B", "min_tokens_per_param": 5,
    "max_tokens_per_param": 200, "unique_tokens": "20B", "seeds": 2, "test_share": 0.4, "noise": 0.01,
}  # fmt: skip
MORE = {
    "plan": PLANNING,
    "optimal_allocation": ALLOCATION, "compare_exponents": COMPARISON, "extrapolate": FORECAST, "fit": {},
    "columns": {},
}  # fmt: skip
FEW_RUNS = {"extrapolate", "plan"}
OF_FORMULAS = {"bound", "exponent", "hold", "search", "start"}
# Tested elsewhere, with inputs of their own.
ELSEWHERE = {
    ("extrapolate", "targets"), ("extrapolate", "suite"),
    ("compare_exponents", "pair"), ("compare_exponents", "factors"),
    ("compare_exponents", "covariate"), ("fit", "keep_diverged"), ("fit", "best_over"), ("list_laws", "topic"),
    ("inference_coverage", "all_succeed"), ("inference_coverage", "n"), ("inference_coverage", "c"),
    *(("inference_coverage", name) for name in ("solutions", "verifications", "verify_cost")),
    ("inference_coverage", "on_missing"), ("plan", "judge"), ("plan", "underway"), ("plan", "rules"),
    ("optimal_allocation", "rules"),
    *(("score", name) for name in find_command("score").options.options),
    *((verb, name) for verb in LIBRARY for name in ("input_format", "max_expand", "evaluation")),
    *((verb, name) for verb in LIBRARY for name in ("keep_diverged", "best_over", "scheduler", "jobs", "backend")),
}  # fmt: skip


def cases():
    for verb, command in LIBRARY.items():
        for name in find_command(command).options.options:
            if (verb, name) not in ELSEWHERE:
                yield verb, name


def asked(verb, name):
    """The value to give, and the options beside it."""
    if verb == "inference_coverage":
        value, beside = COVERAGE.get(name) or SPECIAL[verb, name]
        return value, {key: given for key, given in beside.items() if key != name} | (
            {name: beside[name]} if name in beside else {}
        )
    if (verb, name) in SPECIAL:
        return SPECIAL[verb, name]
    values = VALUES | MORE.get(verb, {})
    assert name in values, f"add to MORE[{verb!r}] a value of {name} that changes the answer"
    return values[name], {}


@functools.cache  # many options are compared with the same answer
def outcome(verb, table, options):
    """What the verb answers, without the options that it repeats, or why it refuses to."""
    try:
        report = plain(getattr(scaling, verb)(TABLES[table], **dict(options)))
    except ScalingError as error:
        return error.message
    report.pop("options")
    return report


GRID = one_of_each(
    cases(), name="{}-{}".format, kind=lambda verb, name: name,
    is_long=lambda verb, name: verb in ("compare_exponents", "extrapolate", "plan"),
)  # fmt: skip


def test_every_option_has_a_value_that_changes_the_answer():
    for verb, name in cases():
        value, beside = asked(verb, name)
        assert value != (BASE[verb] | beside).get(name) or value == "none", (verb, name)


@pytest.mark.sample(2)
@pytest.mark.parametrize(("verb", "name"), GRID)
def test_an_option_changes_the_answer(verb, name):
    value, beside = asked(verb, name)
    table = "fewer" if verb in FEW_RUNS or name in OF_FORMULAS else "runs"
    if verb == "inference_coverage":
        table = "stopped" if name == "attempt" else "samples"
    before, after = (
        outcome(verb, table, tuple(sorted((BASE.get(verb, {}) | beside | more).items())))
        for more in ({}, {name: value})
    )
    assert before != after
    assert not (isinstance(before, str) and isinstance(after, str)), "one of them should be an answer"


def test_layouts_of_counts_obey_their_columns():
    base = BASE["inference_coverage"]
    plain_counts = plain(scaling.inference_coverage(COUNTS, **base))["results"]
    for named in ({"n": "tries"}, {"c": "wins"}):
        assert plain(scaling.inference_coverage(COUNTS, **base, **named))["results"] != plain_counts
    holes = SAMPLES.with_columns(correct=pl.when(pl.col("attempt") == 3).then(None).otherwise(pl.col("correct")))
    dropped, failed = (
        plain(scaling.inference_coverage(holes, **base, on_missing=choice))["results"] for choice in ("drop", "fail")
    )
    assert dropped != failed


def test_options_of_the_shell_alone_are_those_of_output_and_of_many_files():
    shell = {part for command in LIBRARY.values() for part in find_command(command).shell}
    assert shell <= {Work, Batch, Watching, Output, Drawn, Saved, Launched}
    assert {option.name for part in (Batch, Saved) for option in part.options.values()} == {
        "per_file", "resume", "format", "json", "output", "draws", "plot", "figure", "report", "color", "quiet",
        "verbose", "strict", "allow", "fail_if", "details", "figure_size", "title", "dpi", "style",
    }  # fmt: skip
    for name in ("fit", "extrapolate"):
        assert run(name, "--help").returncode == 0
        assert any("Output" in heading for heading, _ in sections_of(find_command(name)))
