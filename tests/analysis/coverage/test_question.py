"""The words of the options of `scaling inference-coverage`, and what attempts cost by them."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.coverage.budget import Amount, Questions
from scaling_cli.analysis.coverage.prices import Prices, require_costs, require_known_groups
from scaling_cli.analysis.coverage.question import (
    check_question,
    labels_of,
    parse_amount,
    parse_k,
    questions_of,
    verifier_of,
)
from scaling_cli.analysis.coverage.verifier import Rates
from scaling_cli.coverage.budget import Compute, Money
from scaling_cli.errors import UsageError
from scaling_cli.options.inference_coverage import InferenceCoverage


def test_k_are_sorted_numbers_without_repeats():
    assert parse_k("100, 1,10,,10", 5).tolist() == [1, 10, 100]
    assert parse_k("1", 5).tolist() == [1]


@pytest.mark.parametrize(("text", "count"), [("log:2", 2), ("log:3", 3), ("log:10000", 100)])
def test_spaced_k_reach_from_1_to_the_longest(text, count):
    found = parse_k(text, 100)
    assert (found[0], found[-1], len(found)) == (1, 100, count)
    assert len(parse_k(f"{text},7", 100)) == count + (7 not in found)


@pytest.mark.parametrize("text", ["log:1", "log:10001", "0", "-1", "1.5", "", " , ", "many"])
def test_what_is_no_number_of_attempts_is_refused(text):
    with pytest.raises(UsageError, match=r"--k|many"):
        parse_k(text, 100)


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [("10usd", 10, "usd"), ("$10", 10, "usd"), ("10$", 10, "usd"), (" 10 Dollars ", 10, "usd"),
     ("1e15flops", 1e15, "flops"), ("1e15 FLOP", 1e15, "flops"), ("0.5usd", 0.5, "usd")],
)  # fmt: skip
def test_amounts_have_units(text, amount, unit):
    assert parse_amount(text) == Amount(amount, unit)


@pytest.mark.parametrize(("text", "words"), [("0usd", "not above zero"), ("-1usd", "not above zero"), ("10", "unit")])
def test_an_amount_is_positive_and_has_a_unit(text, words):
    with pytest.raises(UsageError, match=words) as refused:
        parse_amount(text, "--value")
    assert "--value" in str(refused.value)


def test_questions_are_those_of_the_options():
    asked = InferenceCoverage(budget=("3usd",), value=("2usd",), target=(0.5,), marginal=(0.1,), policy="stop")
    usd = [Amount(3.0, "usd"), Amount(2.0, "usd")]
    assert questions_of(asked) == Questions((usd[0],), (0.5,), (usd[1],), (0.1,), "stop")


def test_a_mix_needs_a_budget():
    check_question(InferenceCoverage(by="model", mix="small", budget=("3usd",)))
    check_question(InferenceCoverage())
    with pytest.raises(UsageError, match="--mix needs a budget"):
        check_question(InferenceCoverage(by="model", mix="small"))


@pytest.mark.parametrize("options", [{"fit": "no-such-law"}, {"k": "none"}, {"k": "log:0"}])
def test_what_no_log_could_answer_is_refused_before_it_is_read(options):
    with pytest.raises(UsageError):
        check_question(InferenceCoverage(**options))


@pytest.mark.parametrize(
    ("options", "rates"),
    [
        ({}, None),
        ({"fpr": 0.1}, Rates(1.0, 0.1, "verifier")),
        ({"tpr": 0.9}, Rates(0.9, 0.0, "verifier")),
        ({"tpr": 0.9, "fpr": 0.2, "labels": "truth"}, Rates(0.9, 0.2, "truth")),
    ],
)
def test_a_verifier_is_assumed_where_one_of_its_rates_is_given(options, rates):
    assert verifier_of(InferenceCoverage(**{"labels": "verifier", **options})) == rates


def prices(**quantities):
    return Prices({name: value if isinstance(value, dict) else {"": value} for name, value in quantities.items()})


def test_money_needs_the_price_and_the_tokens_of_an_answer():
    found = prices(price_out=2.0, tokens_out=100.0).costs("a")
    assert found == {"usd": Money(0.0, 2.0, 0.0, 100.0, cache_read=0.0, cache_write=1.0, verdict=0.0)}
    everything = {"price_in": 1.0, "price_out": 2.0, "tokens_in": 50.0, "tokens_out": 100.0}
    everything |= {"cache_read": 0.1, "cache_write": 1.25, "verdict": 0.01}
    assert prices(**everything).costs("a") == {"usd": Money(1.0, 2.0, 50.0, 100.0, 0.1, 1.25, 0.01)}
    assert prices(price_out=2.0).costs("a") == prices(tokens_out=100.0).costs("a") == {}


def test_compute_needs_params_and_the_tokens_of_an_answer():
    assert prices(params=1e9, tokens_out=100.0).costs("a") == {"flops": Compute(1e9, 0.0, 100.0, 0.0, 0.0, 1.0)}
    everything = prices(params=1e9, tokens_in=50.0, tokens_out=100.0, kv_dim=1e4, intensity=2.0, queries=8.0)
    assert everything.costs("a") == {"flops": Compute(1e9, 50.0, 100.0, 1e4, 2.0, 8.0)}
    assert prices(params=1e9).costs("a") == {}


def test_a_price_of_a_group_goes_before_that_of_all():
    mixed = prices(params={"big": 8e9, "": 1e9}, tokens_out=100.0)
    assert [mixed.of("params", name) for name in ("big", "small")] == [8e9, 1e9]
    assert prices(params={"big": 8e9}).of("params", "small") is None
    assert mixed.of("kv_dim", "big") is None


def test_an_amount_without_a_cost_is_refused_and_names_group_and_options():
    priced = prices(params={"big": 8e9}, tokens_out=100.0)
    require_costs(Questions(budgets=(Amount(1e15, "flops"),)), priced, ["big"])
    require_costs(Questions(targets=(0.5,)), priced, ["small"])
    for questions in (Questions(budgets=(Amount(1e15, "flops"),)), Questions(values=(Amount(1e15, "flops"),))):
        with pytest.raises(UsageError, match="attempt of small in flops") as refused:
            require_costs(questions, priced, ["big", "small"])
        assert "--model-params" in refused.value.hint
    with pytest.raises(UsageError, match="attempt in usd") as refused:
        require_costs(Questions(budgets=(Amount(1.0, "usd"),)), priced, [""])
    assert "--price-out" in refused.value.hint


def test_spaced_k_are_even_in_their_logs():
    found = parse_k("log:5", 10_000)
    assert np.diff(np.log10(found)) == pytest.approx([1, 1, 1, 1])


@pytest.mark.parametrize("options", [{"mix": "A", "budget": "1usd"}, {"compare": "A"}])
def test_a_group_that_is_named_needs_groups(options):
    with pytest.raises(UsageError, match="A names a group, but the log is not divided into groups") as caught:
        check_question(InferenceCoverage(**options))
    assert "--by model" in caught.value.hint
    check_question(InferenceCoverage(by="model", **options))


@pytest.mark.parametrize(
    ("given", "names", "words"),
    [
        ({"": 1.0, "smol": 2.0}, ["big", "small"], "--price-out is given for 'smol', but the groups are big, small."),
        ({"big": 1.0, "smol": 2.0}, ["big", "small"], "--price-out small=VALUE"),
        ({"": 1.0, "a=1,b": 2.0}, ["a", "b"], "--price-out is given for 'a=1,b', but"),
        ({"": 1.0, "a": 2.0}, [""], "--price-out is given for 'a', but there is only one group."),
        ({"": 1.0, "small": 2.0}, ["big", "small"], None),
        ({"big": 1.0, "small": 2.0, "huge": 3.0}, ["big", "small"], None),
        ({"big": 1.0}, ["big", "small"], None),
        ({"": 1.0}, [""], None),
    ],
)
def test_a_price_of_a_group_that_does_not_exist_is_no_price_of_another(given, names, words):
    if words is None:
        require_known_groups({"price_out": given, "params": given}, names)
        return
    with pytest.raises(UsageError) as caught:
        require_known_groups({"tokens_out": {"": 3.0}, "price_out": given}, names)
    assert words in f"{caught.value.message} {caught.value.hint}"
    with pytest.raises(UsageError, match="--model-params is given for"):
        require_known_groups({"params": given}, names)


@pytest.mark.parametrize(
    ("idle", "used"),
    [
        ({"policy": "stop"}, {"target": (0.9,)}),
        ({"price_out": 1.0}, {"budget": ("1usd",)}),
        ({"tokens_in": 1.0}, {"marginal": (0.01,)}),
        ({"model_params": "1B"}, {"value": ("1usd",)}),
        ({"labels": "truth"}, {"fpr": 0.1}),
        ({"pretrain_tokens": "1T"}, {"train_exchange": 14, "inference_tokens": 1e9}),
    ],
)
def test_options_that_describe_what_is_not_asked_about_are_refused(idle, used):
    (name,) = idle
    flag = InferenceCoverage.options[name].flag
    with pytest.raises(UsageError, match=f"{flag} works only with") as caught:
        check_question(InferenceCoverage(**idle))
    assert InferenceCoverage.options[next(iter(used))].flag in caught.value.message
    check_question(InferenceCoverage(**idle, **used))


@pytest.mark.parametrize(
    ("options", "labels"), [({}, "truth"), ({"fpr": 0.1}, "verifier"), ({"labels": "verifier"}, "verifier")]
)
def test_outcomes_are_verdicts_if_rates_or_labels_say_so(options, labels):
    check_question(InferenceCoverage(**options))
    assert labels_of(InferenceCoverage(**options)) == labels


def test_a_mix_has_fixed_numbers_of_attempts():
    asked = {"mix": "small", "by": ("model",), "budget": ("1usd",)}
    check_question(InferenceCoverage(**asked))
    with pytest.raises(UsageError, match="does not go with --policy stop"):
        check_question(InferenceCoverage(**asked, policy="stop"))
