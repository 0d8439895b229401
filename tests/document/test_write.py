import json
import math
import time

import jsonschema
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.caveats import Caveat
from scaling_cli.document.write import plain, to_json, to_json_lines
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import Estimate
from scaling_cli.verbs.schema import schema_of
from scaling_cli.version import __version__
from tests.factories import bad_report, chinchilla_result, groups_report, power_result, report

REPORTS = {
    "chinchilla": lambda: report(chinchilla_result()),
    "power": lambda: report(power_result()),
    "bad": bad_report,
    "groups": groups_report,
}


def strict(text):
    def refuse(constant):
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


@pytest.mark.parametrize("name", REPORTS)
def test_documents_and_lines_keep_to_the_schema(name):
    validator = jsonschema.Draft202012Validator(schema_of("fit"))
    validator.check_schema(schema_of("fit"))
    for text in (to_json(REPORTS[name]()), *to_json_lines(REPORTS[name]())):
        validator.validate(strict(text))


def test_keys_come_in_the_documented_order():
    keys = list(strict(to_json(report(power_result()))))
    assert keys[:6] == ["schema", "tool_version", "command", "inputs", "columns", "options"]
    assert keys[6:] == ["results", "caveats", "failures", "drawing"]


def test_a_document_says_what_made_it():
    written = strict(to_json(report(power_result())))
    assert (written["schema"], written["tool_version"]) == ("scaling.fit/1", __version__)


def test_numbers_keep_every_digit():
    value = 0.1 + 0.2
    written = strict(to_json(report(power_result(noise=value))))
    assert written["results"][0]["noise"] == value


def test_what_is_not_finite_becomes_null():
    result = power_result(parameters={"a": Estimate(math.nan, -math.inf, math.inf)}, draws=((math.nan,),))
    written = strict(to_json(report(result)))["results"][0]
    assert written["parameters"]["a"] == {"estimate": None, "low": None, "high": None}
    assert written["draws"] == [[None]]


def test_observations_are_for_drawing_only():
    written = strict(to_json(report(chinchilla_result())))
    assert "observations" not in written["results"][0]
    assert len(written["drawing"][0]["observations"]["observed"]) == 240
    assert "drawing" not in strict(to_json(report(chinchilla_result()), draws=False))


def test_draws_can_be_left_out():
    assert "draws" not in strict(to_json(report(chinchilla_result()), draws=False))["results"][0]
    assert len(strict(to_json(report(chinchilla_result())))["results"][0]["draws"]) == 2


@pytest.mark.parametrize("hostile", ["\x1b[31m", "\x07", "\x7f", "\x9b", "\u202e", "\ud800", "\n"])
def test_control_characters_are_escaped_and_come_back(hostile):
    text = to_json(report(power_result(group={"optimizer": hostile})))
    assert text.isascii()
    assert all(character == "\n" or character.isprintable() for character in text)
    assert strict(text)["results"][0]["group"]["optimizer"] == hostile


def test_each_line_stands_for_one_group_with_its_own_caveats():
    lines = [strict(line) for line in to_json_lines(groups_report())]
    assert [len(line["results"]) for line in lines] == [1, 1, 0]
    assert [len(line["failures"]) for line in lines] == [0, 0, 1]
    codes = [[caveat["code"] for caveat in line["caveats"]] for line in lines]
    assert codes[0] == codes[2] == ["rows-excluded"]
    assert codes[1] == ["rows-excluded", "fixed-tokens-per-param", "condition-number"]
    assert "draws" not in lines[0]["results"][0]


def test_a_line_for_a_file_lists_that_file_alone():
    source = report().inputs[0]
    other = replace(source, path="other.csv")
    made = report(power_result(group={"file": "other.csv"}), inputs=(source, other))
    assert strict(next(to_json_lines(made)))["inputs"] == [{"path": "other.csv", "sha256": "9f" * 32, "rows": 245}]


def test_four_thousand_draws_are_written_in_a_moment():
    draws = tuple((1.8 + i * 1e-7, 477.0, 2143.0, 0.347, 0.367) for i in range(4000))
    started = time.process_time()
    text = to_json(report(chinchilla_result(draws=draws)))
    assert time.process_time() - started < 0.5  # about 0.05; generous to a busy machine
    assert len(strict(text)["results"][0]["draws"]) == 4000


class Other(Record):
    unwrapped = ("by_exponent",)

    group: dict[str, str]
    verdict: str
    by_exponent: dict[str, Estimate]
    pairs: tuple[Estimate, ...]


def test_any_result_can_be_written():
    made = report(Other({}, "different", {}, (Estimate(1.0),)), command="compare-exponents")
    written = strict(to_json(made))
    assert written["schema"] == "scaling.compare-exponents/1"
    assert written["results"][0]["pairs"] == [{"estimate": 1.0, "low": None, "high": None}]


def test_what_is_keyed_by_exponent_loses_its_key_where_there_is_one():
    alpha, beta = Estimate(0.3), Estimate(0.4)
    assert plain(Other({}, "", {"alpha": alpha}, ()))["by_exponent"] == plain(alpha)
    both = {"alpha": alpha, "beta": beta}
    assert plain(Other({}, "", both, ()))["by_exponent"] == {"alpha": plain(alpha), "beta": plain(beta)}


def test_each_line_has_the_caveats_of_its_group_and_those_of_all_in_order():
    result = power_result()
    groups = [{"file": "a", "kind": "x"}, {"file": "a", "kind": "y"}, {"file": "b", "kind": "x"}]
    caveats = (
        Caveat("one", "For kind x.", {"kind": "x"}),
        Caveat("two", "For all."),
        Caveat("three", "For b.", {"file": "b"}),
        Caveat("four", "For a and y.", {"kind": "y", "file": "a"}),
        Caveat("five", "For another key.", {"other": "x"}),
    )
    whole = replace(report(result), results=tuple(replace(result, group=group) for group in groups), caveats=caveats)
    said = [[found["code"] for found in strict(line)["caveats"]] for line in to_json_lines(whole)]
    assert said == [["one", "two"], ["two", "four"], ["one", "two", "three"]]


def test_replicates_are_written_as_json_would_write_each():
    draws = ((1.0, 2.5e-7), (3.0, float("nan")), (1e300, 4.0))
    text = to_json(report(replace(power_result(), draws=draws)))
    assert strict(text)["results"][0]["draws"] == [[1.0, 2.5e-7], [3.0, None], [1e300, 4.0]]
    finite = to_json(report(replace(power_result(), draws=draws[::2])))
    assert "\n        [1.0, 2.5e-07],\n        [1e+300, 4.0]\n" in finite


def test_a_drawing_of_far_too_many_points_is_left_out(monkeypatch):
    runs = {"compute": [1e17 * 10**power for power in range(8)], "loss": [2 + 2.0**-power for power in range(8)]}
    made = scaling.fit(pl.DataFrame(runs), interval="none")
    (drawing,) = strict(to_json(made))["drawing"]
    assert drawing["observations"]["observed"] == runs["loss"]
    monkeypatch.setattr("scaling_cli.document.write.MOST_DRAWN", 7)
    assert "drawing" not in strict(to_json(made))
