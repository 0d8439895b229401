"""Caveats: what their sentences must say, and data for which they must appear, under the code that scripts use."""

from __future__ import annotations

import json
import re

import pytest

from scaling_cli.caveats import allocation, caveat, comparison, coverage, data, design, files, fit, forecast, plan
from scaling_cli.caveats.order import MAY_BE_WRONG, SAYS_HOW, rank
from scaling_cli.caveats.sentences import SENTENCES
from scaling_cli.laws import find_law
from tests import ROOT
from tests.cli.running import run

# The verbs that a caveat's last sentence may start with: what a reader can do.
ACTIONS = (
    "Add", "Allow", "Check", "Choose", "Compare", "Convert", "Correct", "Fill", "Find", "Fit", "Give", "Join", "Keep",
    "Leave", "Loosen", "Name", "Remove", "Report", "Sample", "Search", "Skip", "Try", "Use",
)  # fmt: skip
CONDITION = re.compile(r"(?:If|To) [^,]+, (?P<rest>.*)")
# Wording that a reader has to read twice: say what a thing is, and call data, runs and laws what they are.
RIDDLES = re.compile(
    r"\b(?:is no|told|tells?|anew|alike|apart|(?:a|an) (?:row|fit|run|line) (?:a|an)|meets?|belie\w+|earns?|rouse\w*|"
    r"blame\w*|leaves|answers?)\b"
)
# Sentences with their words for several: `{count:are|is}` is "is" for one.
SEVERAL = {code: re.sub(r"\{\w+:([^{}|]+)\|[^{}]+\}", r"\1", sentence) for code, sentence in SENTENCES.items()}
COMMANDS = ("columns", "fit", "extrapolate", "compare-exponents", "optimal-allocation", "plan")


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
    last = last_sentence(SEVERAL[code])
    assert last.startswith((*(f"{verb} " for verb in ACTIONS), "{hint}", "{remedy}")), last
    assert last.endswith((".", "{hint}"))


@pytest.mark.parametrize("code", SENTENCES)
def test_every_caveat_says_what_is_wrong_before_what_to_do(code):
    sentences = re.split(r"(?<=[.}]) (?=[A-Z{])", SEVERAL[code])
    assert 2 <= len(sentences) <= 3
    assert not RIDDLES.search(SEVERAL[code])


@pytest.mark.parametrize("module", [data, files, design, fit, forecast, comparison, allocation, coverage, plan])
def test_caveats_name_options_and_laws_that_exist(module, options):
    """Sentences about runs and fits are for every command that reads runs."""
    commands = {
        forecast: ["extrapolate"],
        comparison: ["compare-exponents"],
        allocation: ["optimal-allocation"],
        coverage: ["inference-coverage"],
        plan: ["plan"],
    }.get(module, COMMANDS)
    known = set().union(*(options[command] for command in commands))
    for code, sentence in module.SENTENCES.items():
        assert set(re.findall(r"--[a-z][a-z-]*", sentence)) <= known, code
        for law in re.findall(r"--law ([a-z-]+)", sentence):
            assert find_law(law)
        for command in re.findall(r"`scaling ([a-z-]+)", sentence):
            assert command in (*COMMANDS, "laws"), code


@pytest.mark.parametrize(
    ("reach", "written"),
    [
        (12.0, "12"),
        (999_999.9999, "1e6"),
        (333_333.0, "333,333"),
        (999_998_116_661_547_008.0, "1e18"),
        (1.26e6, "1.3e6"),
    ],
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


def test_one_of_a_kind_has_its_own_words():
    said = {"column": "state", "states": "crashed", "condition": "1 = 1", "total": 9}
    one, two = (caveat("unfinished-runs", None, count=count, **said).message for count in (1, "2"))
    assert one.startswith(
        "1 of 9 points is from a run that state calls crashed, so its last loss may be too high. Leave it"
    )
    assert two.startswith("2 of 9 points are from runs that state calls crashed, so their last losses may be too high.")


def test_both_wordings_of_a_sentence_are_words():
    for code, sentence in SENTENCES.items():
        for several, one in re.findall(r"\{\w+:([^{}|]+)\|([^{}]+)\}", sentence):
            assert several != one, code
            assert re.fullmatch(r"[a-z ]+", several + one), code


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ("20", "20", "but the runs have 20, so"),
        ("20", "200", "20 to 200, so"),
        ("2", "20", "2 to 20, so"),
        ("0", "0.5", "0 to 0.5, so"),
    ],
)
def test_a_range_whose_ends_are_written_alike_is_one_number(low, high, said):
    found = caveat("off-ratio", place="1B params", ratio="2", low=low, high=high, effect="it is not tested")
    assert said in found.message
    both = {"role": "unique_tokens", "number": 3, "low": low, "high": high, "law": "", "column": ""}
    assert ("values, 20, and" in caveat("ignored-input", **both).message) == (low == high)
