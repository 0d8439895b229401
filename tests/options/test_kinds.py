"""What callers of the library may write for one value or several."""

from __future__ import annotations

import numpy as np
import pytest

import scaling_cli as scaling
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.options import kinds
from scaling_cli.options.ranges import HELD, SEARCHED
from tests import ROOT

SAMPLE = ROOT / "sample_data" / "isoflop_runs.csv"
OPTIMIZERS = SAMPLE.with_name("optimizers.csv")
QUICK = {"interval": "none"}


@pytest.mark.parametrize(
    "given", ["1e20,2e20", ["1e20", "2e20"], (1e20, 2e20), [1e20, "2e20"], np.array([1e20, 2e20]), ["1e20,2e20"]]
)
def test_numbers_are_read_from_text_lists_and_arrays(given):
    assert kinds.numbers(given, "--budget") == (1e20, 2e20)


def test_one_value_is_one_value():
    assert kinds.numbers("70B", "--budget") == kinds.numbers(7e10, "--budget") == (7e10,)
    assert kinds.texts("compute=1e24", "--at") == ("compute=1e24",)
    assert kinds.amount("1.4T", "--unique-tokens") == 1.4e12


def test_pairs_and_amounts_are_read_from_texts_and_from_mappings():
    assert kinds.PAIRS.read("alpha=beta", "--tie") == (("alpha", "beta"),)
    assert kinds.PAIRS.read([("alpha", "beta"), "A=B"], "--tie") == (("alpha", "beta"), ("A", "B"))
    for given in ("alpha=0.34", ["alpha=0.34"], {"alpha": 0.34}, {"alpha": "0.34"}):
        assert kinds.amounts("alpha=0.3").read(given, "--fix") == {"alpha": 0.34}
    for given in ("a=0,", {"a": (0, np.inf)}, {"a": [0.0, float("inf")]}):
        assert kinds.BOUNDS.read(given, "--bound") == {"a": (0.0, np.inf)}


def test_quantities_may_differ_by_group():
    for given in ("12B", 12e9, ["12B"], {"": 12e9}):
        assert kinds.BY_GROUP.read(given, "--model-params") == {"": 12e9}
    assert kinds.BY_GROUP.read(["a=1", "b=2"], "--price-in") == {"a": 1.0, "b": 2.0}


def predicted(**options):
    (result,) = scaling.extrapolate(SAMPLE, estimator="describe", **QUICK, **options).results
    return result


def test_a_target_may_be_a_lone_text():
    assert predicted(at="compute=1e22").predictions == predicted(at=["compute=1e22"]).predictions
    assert predicted(target_loss="2.2").inverse == predicted(target_loss=[2.2]).inverse


def test_every_verb_takes_a_lone_text_where_several_could_stand():
    written = scaling.optimal_allocation(SAMPLE, budget="1e20,1e21", max_params="70B", tie="alpha=beta", **QUICK)
    plain = scaling.optimal_allocation(SAMPLE, budget=(1e20, 1e21), max_params=7e10, tie=[("alpha", "beta")], **QUICK)
    assert written.results == plain.results
    assert written.options == plain.options
    held = scaling.fit(SAMPLE, law="chinchilla", fix="alpha=0.34", **QUICK)
    assert held.results[0].parameters["alpha"].estimate == 0.34
    groups = scaling.compare_exponents(OPTIMIZERS, by="optimizer", to="compute=1e25", replicates=40)
    assert groups.options["to"] == {"compute": 1e25}
    with pytest.raises(ScalingError, match="model_family="):
        scaling.optimal_allocation(SAMPLE.with_name("pile_losses.csv"), by="model_family", **QUICK)
    samples = SAMPLE.with_name("samples.csv")
    few = {"fit": "beta-binomial", "replicates": 100}
    covered = scaling.inference_coverage(samples, by="model", to="1e4", target="0.8", **few)
    assert covered.options["to"] == 1e4
    assert covered.options["target"] == [0.8]


@pytest.mark.parametrize(
    "options",
    [
        {"budget": "much"},
        {"budget": [None]},
        {"budget": {"compute": 1e20}},
        {"budget": True},
        {"budget": 5e-324},
        {"budget": "1e300"},
        {"max_params": "big"},
        {"max_params": [1e9]},
        {"fix": ["alpha"]},
        {"fix": 0.34},
        {"fix": "alpha=0.3,alpha=0.4"},
        {"tie": [("alpha",)]},
        {"tie": 5},
        {"by": 5},
        {"where": ["params > 1e9"]},
        {"map": "loss"},
    ],
    ids=str,
)
def test_nonsense_ends_in_a_hint(options):
    with pytest.raises(ScalingError) as caught:
        scaling.optimal_allocation(SAMPLE, **options)
    assert caught.value.hint


@pytest.mark.parametrize(
    "at",
    [1e24, [1e24], {"compute": {}}, b"compute=1e24", ["compute"], "params=1e300,tokens=1e12", "compute=5e-324"],
    ids=str,
)
def test_a_target_that_is_no_text_ends_in_a_hint(at):
    with pytest.raises(UsageError):
        scaling.extrapolate(SAMPLE, at=at)


@pytest.mark.parametrize("bound", [{"a": 3}, {"a": (0, 1, 2)}, {"a": "low,high"}, "a=1", 5], ids=str)
def test_a_bound_that_is_none_ends_in_a_hint(bound):
    with pytest.raises(UsageError):
        scaling.fit(SAMPLE, law="E + A*params**-a", bound=bound)


def refused(kind, given):
    """The error for a value that is none of this kind."""
    with pytest.raises(UsageError) as caught:
        kind.read(given, "--x")
    return f"{caught.value.message} {caught.value.hint}"


@pytest.mark.parametrize(("given", "value"), [(5, 5), ("5", 5), ("1k", 1000), (np.int64(7), 7), ("1e3", 1000)])
def test_whole_numbers(given, value):
    found = kinds.whole(5).read(given, "--x")
    assert found == value
    assert type(found) is int


def test_what_is_no_whole_number_is_refused_with_an_example():
    kind = kinds.whole(5, "1000")
    assert refused(kind, 4) == "--x is 4. Give a whole number of at least 5, such as 1000."
    for given in ("5.5", 5.0, 5.5, np.float64(6)):
        assert refused(kind, given).endswith("Give a whole number, such as 1000.")


@pytest.mark.parametrize(
    ("limits", "allowed", "message"),
    [
        ({"above": 0.0}, [1e-9, 1e9], {0: "above 0", -1: "above 0"}),
        ({"least": 1.0}, [1, 2], {0.9: "at least 1"}),
        ({"most": 4.0}, [-9, 4], {4.1: "at most 4"}),
        ({"least": 0.0, "most": 4.0}, [0, 4], {-1: "at least 0 and at most 4", 5: "at least 0 and at most 4"}),
        ({}, [-1e9, 0, 1e9], {np.inf: "finite", np.nan: "finite"}),
    ],
)
def test_numbers_keep_to_their_limits(limits, allowed, message):
    kind = kinds.number(**limits, example="7")
    assert [kind.read(given, "--x") for given in allowed] == allowed
    for given, words in message.items():
        assert refused(kind, given).endswith(f"Give a number that is {words}, such as 7.")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1.0), ("1k", 1e3), ("1kb", 1e3), ("2 MB", 2e6), ("3GB", 3e9), ("1tb", 1e12), ("1KiB", 1024.0),
        ("1mib", 2.0**20),
        ("1GiB", 2.0**30), ("1 TiB", 2.0**40), ("1e2m", 1e8),
    ],
)  # fmt: skip
def test_units_of_bytes(text, size):
    assert kinds.BYTES.read(text, "--x") == size


@pytest.mark.parametrize("given", ["1ib", "1i", 0, -1, np.inf, "", "k"])
def test_what_is_no_number_of_bytes_is_refused(given):
    assert "Give a number of bytes" in refused(kinds.BYTES, given)


def test_shares_count_their_ends_only_where_they_may():
    assert kinds.share_between().read("40%", "--x") == 0.4
    assert kinds.share_between(inclusive=True).read(1, "--x") == 1.0
    assert "between 0 and 1, such as 0.95" in refused(kinds.share_between(), 1)
    assert "between 0.1 and 0.5" in refused(kinds.share_between(0.1, 0.5, inclusive=True), 0.51)
    assert kinds.shares_between("0.8").read(["10%,0.2", 0.3], "--x") == (0.1, 0.2, 0.3)
    assert "such as 0.8" in refused(kinds.shares_between("0.8"), "0.5,1")


@pytest.mark.parametrize(("given", "guess"), [("hubr", "Did you mean huber? "), ("xyz", ""), (5, "")])
def test_a_word_is_one_of_those_that_are_listed(given, guess):
    kind = kinds.choice("huber", "lad")
    assert kind.read("lad", "--x") == "lad"
    assert refused(kind, given) == f"--x is {given!r}. {guess}Choose one of huber, lad."
    assert (kind.metavar, kind.python) == ("huber|lad", "Literal['huber', 'lad']")


def test_a_switch_is_true_or_false():
    assert kinds.SWITCH.read(True, "--x") is True
    assert kinds.SWITCH.read(False, "--x") is False
    assert "Give True or False" in refused(kinds.SWITCH, 1)
    assert kinds.SWITCH.is_switch
    assert not kinds.TEXT.is_switch


@pytest.mark.parametrize(
    ("given", "ends"),
    [
        ("a=0,1", (0.0, 1.0)), ("a=,1", (-np.inf, 1.0)), ("a=0,", (0.0, np.inf)), ("a=,", (-np.inf, np.inf)),
        ({"a": "0, 1"}, (0.0, 1.0)), ({"a": (0, "2k")}, (0.0, 2000.0)),
    ],
)  # fmt: skip
def test_bounds_may_be_open_at_an_end(given, ends):
    assert kinds.BOUNDS.read(given, "--bound") == {"a": ends}


@pytest.mark.parametrize("given", ["a=1", "a=1,2,3", "a=,1,", {"a": (1,)}, {"a": (1, 2, 3)}])
def test_bounds_have_two_ends(given):
    assert "Write both ends: --x a=0,1" in refused(kinds.BOUNDS, given)


@pytest.mark.parametrize("given", [[("a", "b", "c")], [("a",)], [("a", 1)], [5]])
def test_a_pair_has_two_names(given):
    assert "Write it like --x alpha=beta." in refused(kinds.PAIRS, given)


@pytest.mark.parametrize(
    ("given", "value"),
    [("auto", None), ("0.01", 0.01), (2, 2.0), ("0", "refused"), (-1, "refused"), (np.inf, "refused")],
)
def test_delta_is_a_positive_number_or_auto(given, value):
    if value == "refused":
        assert "Give a positive number, or auto." in refused(kinds.DELTA, given)
    else:
        assert kinds.DELTA.read(given, "--x") == value
        assert kinds.DELTA.record(value) == ("auto" if value is None else value)


@pytest.mark.parametrize(
    ("given", "value"),
    [("1.25x", 1.25), (" 0.005 ", 0.005), (3, 3.0), (1, None), ("1x", None), (0, None), (-2, None), (np.inf, None)],
)  # fmt: skip
def test_a_margin_is_a_factor_or_a_difference(given, value):
    if value is None:
        assert "Give a factor of the compute multiplier" in refused(kinds.MARGIN, given)
    else:
        assert kinds.MARGIN.read(given, "--x") == value


def test_a_quantity_by_group_is_at_least_zero():
    assert kinds.BY_GROUP.read({"a": 0, " b ": "2k"}, "--x") == {"a": 0.0, "b": 2000.0}
    assert kinds.BY_GROUP.read("a=b=3", "--x") == {"a=b": 3.0}
    assert "Give a number of at least 0." in refused(kinds.BY_GROUP, -1)
    for twice in (["1", "2"], ["a=1", "b=2", "a=3"], [1, 2]):
        assert "Give one, or one for each group: --x GROUP=" in refused(kinds.BY_GROUP, twice)


def test_jobs_are_a_whole_number_or_a_word():
    assert kinds.JOBS.read(3, "--jobs") == "3"
    assert kinds.JOBS.read("auto", "--jobs") == "auto"
    assert "Give text" in refused(kinds.JOBS, 2.5)
    assert "Give text" in refused(kinds.JOBS, True)


def test_numbers_of_attempts_are_text_or_numbers():
    assert kinds.KS.read("log:40", "--k") == "log:40"
    assert kinds.KS.read([1, "10", 1e2], "--k") == "1,10,100"
    assert kinds.KS.read(5, "--k") == "5"


def test_columns_are_recorded_alone_or_as_a_list():
    assert kinds.COLUMNS.read([" a ", "b", "a"], "--x") == ("a", "b")
    assert [kinds.COLUMNS.record(names) for names in ((), ("a",), ("a", "b"))] == [None, "a", ["a", "b"]]
    assert kinds.LISTED.read(["a, b,", "a,c"], "--x") == ("a", "b", "c")
    assert kinds.NUMBERS.read("1,,2k", "--x") == (1.0, 2000.0)


def test_a_mapping_has_a_column_for_each_role():
    assert kinds.MAPPING.read("loss=eval/loss", "--map") == {"loss": "eval/loss"}
    assert kinds.MAPPING.read({"loss": "a"}, "--map") == {"loss": "a"}
    assert kinds.MAPPING.read(["a=b", "c=d"], "--map") == {"a": "b", "c": "d"}
    assert kinds.MAPPING.read("a=b=c", "--map") == {"a": "b=c"}
    for given in ("a", "=b", "a=", 5, {"a": 3}):
        assert refused(kinds.MAPPING, given)
    assert "gives a two values, b and c" in refused(kinds.MAPPING, ["a=b", "a=c"])
    assert kinds.MAPPING.read(["a=b", "a=b"], "--map") == {"a": "b"}


@pytest.mark.parametrize(
    ("given", "message"),
    [("1e61", "too large"), (-1e61, "too large"), ("1e-61", "too small"), (True, "type bool"), (None, "type NoneType")],
)  # fmt: skip
def test_amounts_must_be_numbers_to_compute_with(given, message):
    assert message in refused(kinds.number(), given)
    assert kinds.amount("1e60", "--x") == 1e60
    assert kinds.amount(0, "--x") == 0.0


@pytest.mark.parametrize(
    ("given", "value"),
    [
        ("bits=8,lr=1e-3", {"bits": 8.0, "lr": 1e-3}),
        ({"bits": 8, "x": "general"}, {"bits": 8.0, "x": "general"}),
        ("x=two-phase", {"x": "two-phase"}),
        (["a=1", "b=2k"], {"a": 1.0, "b": 2000.0}),
    ],
)
def test_inputs_are_held_at_values_or_laws(given, value):
    assert HELD.read(given, "--hold") == value


@pytest.mark.parametrize("given", ["x=true", "x=ab", "x=Power", "x"])
def test_words_that_name_no_law_are_no_values(given):
    assert refused(HELD, given)


@pytest.mark.parametrize(
    ("given", "ranges"),
    [
        ("g=1..64, mixture", {"g": (1.0, 64.0), "mixture": None}),
        ({"g": (1, "64"), " m ": None}, {"g": (1.0, 64.0), "m": None}),
        (["g=1..2", "g=1..2"], {"g": (1.0, 2.0)}),
    ],
)
def test_inputs_are_searched_within_ranges(given, ranges):
    assert SEARCHED.read(given, "--search") == ranges
    assert SEARCHED.record({"g": (1.0, 2.0), "m": None}) == {"g": [1.0, 2.0], "m": None}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("g=2..1", "runs from 2 down to 1"),
        ("g=2..2", "has one value, 2"),
        ("g=1..2..3", "does not have two ends"),
        ("g=..2", "does not have two ends"),
        ("g=5", "does not have two ends"),
        ({"g": (1, 2, 3)}, "does not have two ends"),
        ("g=", "Write it like --x granularity=1..64"),
        ("=1..2", "Write it like --x granularity=1..64"),
        (["g=1..2", "g=1..3"], "gives g two ranges"),
    ],
)
def test_what_is_no_range_is_refused(given, message):
    assert message in refused(SEARCHED, given)
