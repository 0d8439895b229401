"""The limits of each option, at which a value counts and just beyond which it does not."""

from __future__ import annotations

import pytest

from scaling_cli.errors import UsageError
from scaling_cli.options.commands import LIBRARY, SUMMARIES, find_command, module_of
from scaling_cli.options.formats import suffixes

TINY = 1e-60


def options(command, **given):
    return find_command(command).options(**given)


@pytest.mark.parametrize(
    ("command", "name", "allowed", "refused"),
    [
        ("fit", "scale_weight", 0, -0.1),
        ("fit", "scale_weight", 4, 4.1),
        ("fit", "replicates", 20, 19),
        ("fit", "seed", 0, -1),
        ("fit", "level", 0.01, 0),
        ("fit", "level", 0.99, 1),
        ("fit", "steps_to", TINY, 0),
        ("extrapolate", "target_loss", TINY, 0),
        ("extrapolate", "chance", 0, -0.01),
        ("extrapolate", "chance", 1, 1.01),
        ("optimal-allocation", "budget", TINY, 0),
        ("optimal-allocation", "inference_tokens", TINY, 0),
        ("optimal-allocation", "max_tokens", TINY, 0),
        ("optimal-allocation", "gpus", 1, 0),
        ("optimal-allocation", "mfu", 0, -0.01),
        ("optimal-allocation", "mfu", 1, 1.01),
        ("optimal-allocation", "price_per_gpu_hour", 0, -0.01),
        ("plan", "rounds", 1, 0),
        ("plan", "rounds", 20, 21),  # the most runs by default
        ("plan", "max_runs", 1, 0),
        ("plan", "seeds", 1, 0),
        ("plan", "min_compute", TINY, 0),
        ("plan", "min_tokens_per_param", 5000, 5001),
        ("plan", "max_tokens_per_param", 0.08, 0.079),
        ("plan", "test_share", 0, -0.01),
        ("plan", "test_share", 0.5, 0.51),
        ("plan", "noise", 0.001, 0),
        ("plan", "noise", 2e-6, 9e-7),
        ("plan", "noise", 0.49, 0.5),
        ("score", "within", 0, -0.01),
        ("score", "within", 1, 1.01),
        ("inference-coverage", "to", 1, 0.9),
        ("inference-coverage", "replicates", 100, 99),
        ("inference-coverage", "target", 0.01, 0),
        ("inference-coverage", "target", 0.99, 1),
        ("inference-coverage", "marginal", 0.99, 1),
        ("inference-coverage", "price_in", 0, -1),
        ("inference-coverage", "fpr", 0, -0.01),
        ("inference-coverage", "fpr", 0.99, 1),  # as many correct attempts as wrong ones are accepted
        ("inference-coverage", "tpr", 0.01, 0),
        ("inference-coverage", "pretrain_tokens", TINY, 0),
        ("inference-coverage", "inference_tokens", TINY, 0),
    ],
)
def test_a_value_counts_at_its_limit_and_not_beyond(command, name, allowed, refused):
    options(command, **{name: allowed})
    with pytest.raises(UsageError) as caught:
        options(command, **{name: refused})
    assert caught.value.hint


@pytest.mark.parametrize(("name", "allowed", "refused"), [("beat", TINY, 0), ("every", TINY, 0)])
def test_a_loss_to_beat_and_a_pause_are_above_zero(name, allowed, refused):
    (watching,) = [part for part in find_command("extrapolate").shell if name in part.own]
    assert getattr(watching(watch=True, **{name: allowed}), name) == allowed
    with pytest.raises(UsageError):
        watching(watch=True, **{name: refused})


def test_a_pause_needs_something_to_watch():
    (watching,) = [part for part in find_command("extrapolate").shell if "watch" in part.own]
    assert watching().every == 30.0
    assert not watching().is_asked
    assert watching(watch=True).is_asked
    assert watching(beat=2.5).is_asked
    with pytest.raises(UsageError, match="--every works only with --watch"):
        watching(every=5)


def test_the_resolution_of_figures_is_at_least_ten_dots_per_inch():
    (drawn,) = [part for part in find_command("fit").shell if "dpi" in part.options]
    assert drawn().dpi == 300
    assert drawn(dpi=10).dpi == 10
    with pytest.raises(UsageError):
        drawn(dpi=9)


@pytest.mark.parametrize("interval", ["wild", "bootstrap", "bca"])
def test_replicates_only_count_for_intervals_that_need_them(interval):
    with pytest.raises(UsageError, match="too few for an interval"):
        options("fit", interval=interval, replicates=19)
    assert options("fit", interval="none", replicates=1).replicates == 1
    with pytest.raises(UsageError):
        options("fit", interval="none", replicates=0)


@pytest.mark.parametrize(
    ("command", "given", "message"),
    [
        ("fit", {"components": 1}, "--components is for --law observational"),
        ("fit", {"components": 1, "law": "observational"}, "--components is for --law observational"),
        ("fit", {"components": 1, "x": "a"}, "--components is for --law observational"),
        ("fit", {"components": 1, "law": "observational", "x": "a,b"}, None),
        ("fit", {"loss": ["a", "b"], "share": "E"}, "--share fits groups of one loss"),
        ("fit", {"loss": ["a", "b"]}, None),
        ("fit", {"loss": "a", "share": "E"}, None),
        ("fit", {"trials": "n", "weight": "w"}, "--trials and --weight"),
        ("fit", {"trials": "n"}, None),
        ("fit", {"weight": "n"}, None),
        ("fit", {"steps_to": 3.0}, None),
        ("fit", {"steps_to": 3.0, "loss": ["a", "b"]}, "--steps-to fits steps to one loss"),
        ("fit", {"steps_to": 3.0, "share": "E"}, "--steps-to fits steps to one loss"),
        ("fit", {"steps_to": 3.0, "best_over": "lr"}, "--steps-to fits steps to one loss"),
        ("fit", {"steps_to": 3.0, "objective": "binomial"}, "--steps-to fits steps to one loss"),
        ("plan", {"loss": ["a", "b"]}, "--loss names 2 columns"),
        ("extrapolate", {"loss": ["a", "b"], "by": "loss"}, "would both name a group"),
        ("extrapolate", {"loss": ["a", "b"], "by": "x"}, None),
        ("extrapolate", {"loss": "a", "by": "loss"}, None),
        ("extrapolate", {"law": "all"}, "--law all ranks laws"),
        ("optimal-allocation", {"hold": "bits=8", "search": "bits=1..2"}, "bits is in --hold and in --search"),
        ("optimal-allocation", {"hold": "bits=8", "search": "x=1..2"}, None),
        ("optimal-allocation", {"weight": "w", "approach": "isoflop"}, "--weight applies only to"),
        ("optimal-allocation", {"prior": "weak", "approach": "envelope"}, "--prior applies only to"),
        ("optimal-allocation", {"prior": "weak", "approach": "all"}, None),
        ("optimal-allocation", {"approach": "envelope"}, None),
        ("optimal-allocation", {"fix": "E=1.8", "approach": "isoflop"}, "--fix applies only to"),
        ("optimal-allocation", {"tie": "alpha=beta", "approach": "envelope"}, "--tie applies only to"),
        ("optimal-allocation", {"law": "kaplan", "approach": "isoflop"}, "--law applies only to"),
        ("optimal-allocation", {"law": "chinchilla", "approach": "isoflop"}, None),
        ("optimal-allocation", {"law": "kaplan", "fix": "alpha_N=0.1", "approach": "all"}, None),
        ("optimal-allocation", {"profile": "parabola"}, "--profile applies only to"),
        ("optimal-allocation", {"profile": "akima", "approach": "envelope"}, "--profile applies only to"),
        ("optimal-allocation", {"profile": "akima", "approach": "all"}, None),
        ("optimal-allocation", {"profile": "exact"}, None),
        ("plan", {"min_compute": 2e20, "max_compute": 1e20}, "--min-compute is above --max-compute"),
        ("plan", {"min_compute": 1e20, "max_compute": 1e20}, None),
        ("plan", {"min_compute": 1e20}, None),
        ("plan", {"rules": "r.txt"}, "--rules works only with --recipe"),
        ("plan", {"rules": "r.txt", "recipe": True}, None),
        ("plan", {"recipe": True}, None),
        ("inference-coverage", {"fpr": 0.5, "tpr": 0.5}, "it must accept a larger share of correct ones"),
        ("inference-coverage", {"fpr": 0.49, "tpr": 0.5}, None),
        ("inference-coverage", {"train_exchange": 14}, "--train-exchange needs the tokens"),
        ("inference-coverage", {"train_exchange": 14, "pretrain_tokens": 1e12}, "--train-exchange needs the tokens"),
        ("inference-coverage", {"train_exchange": 1, "pretrain_tokens": 1e12, "inference_tokens": 1}, None),
        ("inference-coverage", {"pretrain_tokens": 1e12}, None),
        ("inference-coverage", {"solutions": "s"}, "needs a log of both"),
        ("inference-coverage", {"verifications": "v"}, "needs a log of both"),
        ("inference-coverage", {"verify_cost": 0.5}, "needs a log of both"),
        ("inference-coverage", {"verify_cost": 0.5, "verified": "v"}, None),
        ("inference-coverage", {"solutions": "s", "verifications": "v"}, None),
        ("inference-coverage", {"solutions": "s", "verifications": "v", "budget": "1usd", "price_out": 1}, None),
        ("inference-coverage", {"solutions": "s", "verifications": "v", "force": True}, "--force cannot be combined"),
        ("inference-coverage", {"solutions": "s", "verifications": "v", "score": "x"}, "--score cannot be combined"),
        ("inference-coverage", {"score": "x", "force": True}, None),
    ],
)  # fmt: skip
def test_options_that_contradict_each_other_are_refused(command, given, message):
    if message is None:
        options(command, **given)
    else:
        with pytest.raises(UsageError, match=message) as caught:
            options(command, **given)
        assert caught.value.hint


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "The plan has no goal"),
        ({"goal": "alpha"}, "The plan has no budget"),
        ({"budget": 1e21}, "The plan has no goal"),
        ({"goal": "alpha", "budget": 1e21}, None),
        ({"until": "width(alpha) < 0.1", "budget": 1e21}, None),
        ({"goal": "alpha", "judge": "mine.csv"}, None),
    ],
)
def test_a_plan_needs_a_goal_and_a_budget(given, message):
    if message is None:
        options("plan", **given).check_asked()
    else:
        with pytest.raises(UsageError, match=message):
            options("plan", **given).check_asked()


@pytest.mark.parametrize(
    ("given", "is_binomial"),
    [({}, False), ({"objective": "binomial"}, True), ({"trials": "n"}, True), ({"law": "bernoulli"}, True)],
)
def test_outcomes_are_fitted_by_their_likelihood(given, is_binomial):
    assert options("fit", **given).is_binomial == is_binomial


@pytest.mark.parametrize(
    ("given", "splits"),
    [({}, False), ({"verify_cost": 1, "verified": "v"}, True), ({"solutions": "s", "verifications": "v"}, True)],
)
def test_a_split_is_asked_by_any_of_its_options(given, splits):
    assert options("inference-coverage", **given).splits_verifications == splits


def test_roles_have_one_column_each():
    assert options("fit", loss="a", map={"params": "n"}, step="s", run="r").mapping == {
        "run_id": "r", "step": "s", "loss": "a", "params": "n",
    }  # fmt: skip
    assert options("fit", loss=["a", "b"]).mapping == {"loss": "a"}
    assert options("fit", params="n", map={"params": "n"}).mapping == {"params": "n"}
    with pytest.raises(UsageError, match="params is given two columns, 'm' and 'n'"):
        options("fit", params="m", map={"params": "n"})
    assert options("inference-coverage", problem="p", n="k").mapping == {"problem": "p", "n": "k"}


def test_prices_and_held_inputs_are_told_apart_by_what_they_are():
    assert options("inference-coverage", verdict_price=0.1, tokens_in="a=5").prices == {
        "tokens_in": {"a": 5.0}, "verdict": {"": 0.1},
    }  # fmt: skip
    asked = options("optimal-allocation", hold="bits=8,supervised_loss=general")
    assert asked.values == {"bits": 8.0}
    assert asked.followers == {"supervised_loss": "general"}


WRITTEN = {"json", "output", "report"}
FITTED = {"law", "loss", "by", "where", "interval", "level", "figure"} | WRITTEN
BASIC = {
    "fit": FITTED,
    "extrapolate": {"at", "targets", "target_loss", "backtest"} | FITTED - {"interval"},
    "compare-exponents": {"factors", "reference", "margin", "to"} | FITTED,
    "optimal-allocation": {"budget", "target_loss", "approach"} | FITTED,
    "plan": {"goal", "budget", "until", "judge", "rounds", "max_runs", "max_compute", "launch"}
    | FITTED - {"interval", "level"},
    "score": {"within", "loss", "where"} | WRITTEN,
    "inference-coverage": {"problem", "correct", "k", "fit", "to", "backtest", "compare"}
    | FITTED - {"law", "loss", "interval"},
    "laws": {"topic"} | WRITTEN,
}


@pytest.mark.parametrize("name", BASIC)
def test_the_short_help_has_the_options_that_most_users_need(name):
    command = find_command(name)
    found = {option.name for option in command.all_options if option.is_basic}
    assert found == BASIC[name]


def test_files_of_a_report_have_a_suffix_of_a_complete_format():
    assert suffixes(complete=True) == {".json": "json", ".jsonl": "jsonl", ".md": "md", ".html": "html"}
    assert suffixes() == suffixes(complete=True) | {".txt": "plain", ".csv": "csv", ".tex": "latex"}


def test_every_command_is_found_and_two_have_no_function():
    assert module_of("compare-exponents") == "compare_exponents"
    assert set(SUMMARIES) - set(LIBRARY.values()) == {"show", "schema"}
    assert LIBRARY["list_laws"] == "laws"
    assert LIBRARY["compare_exponents"] == "compare-exponents"


@pytest.mark.parametrize(
    ("command", "is_list", "is_needed"),
    [
        ("fit", True, True),
        ("extrapolate", True, False),
        ("compare-exponents", True, True),
        ("optimal-allocation", True, False),
        ("plan", True, False),
        ("score", True, True),
        ("inference-coverage", True, True),
        ("columns", True, True),
        ("show", False, True),
        ("laws", False, False),
        ("schema", False, True),
    ],
)
def test_a_command_takes_files_or_a_word_and_may_do_without(command, is_list, is_needed):
    argument = find_command(command).argument
    assert (argument.is_list, argument.is_needed) == (is_list, is_needed)


FLAGS = {
    "json", "details", "quiet", "verbose", "strict", "draws", "per_file", "resume", "backtest", "force", "all_succeed",
    "explain_gap", "spread", "shared_floor", "same_metric", "keep_diverged", "recipe", "check_", "watch",
}  # fmt: skip
REPEATED = {
    "loss",
    "map",
    "by",
    "best_over",
    "report",
    "allow",
    "fail_if",
    "figure",
    "launch",
    "fix",
    "tie",
    "start",
    "bound",
    "share",
    "derive",
    "steps_to",
    "expect",
    "at",
    "target_loss",
    "then",
    "factors",
    "covariate",
    "to",
    "budget",
    "hold",
    "search",
    "goal",
    "sizes",
    "success",
    "target",
    "value",
    "marginal",
    "price_in",
    "price_out",
    "tokens_in",
    "tokens_out",
    "cache_read",
    "cache_write",
    "verdict_price",
    "model_params",
    "kv_dim",
    "intensity",
    "queries",
}


@pytest.mark.parametrize("name", SUMMARIES)
def test_flags_stand_alone_or_repeat_or_have_one_value(name):
    command = find_command(name)
    for each in command.all_options:
        assert each.kind.is_switch == (each.name in FLAGS), each.name
        expected = each.name in REPEATED and (name, each.name) not in {("plan", "budget"), ("inference-coverage", "to")}
        assert each.kind.repeats == expected, each.name


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"fix": "E=1"}, "--fix and --tie hold parameters of one law"),
        ({"tie": "a=b"}, "--fix and --tie hold parameters of one law"),
        ({"fix": "E=1", "law": "chinchilla"}, None),
        ({"fix": "E=1", "estimator": "describe"}, None),
        ({"space": "linear"}, "--space linear works only with --estimator describe"),
        ({"space": "linear", "estimator": "describe"}, None),
    ],
)
def test_an_average_of_laws_cannot_obey_what_holds_for_one(given, message):
    asked = options("extrapolate", **given)
    if message is None:
        asked.check_fitted()
        return
    with pytest.raises(UsageError, match=message):
        asked.check_fitted()
