import json

import pytest

from scaling_cli.document.read import parse_fits, read_failures, read_fits
from scaling_cli.document.write import to_json, to_json_lines
from scaling_cli.errors import DataError
from scaling_cli.results.fit import Estimate
from tests.factories import chinchilla_result, groups_report, report


def least(**changes):
    result = {"law": "power", "parameters": {"a": {"estimate": 2}, "b": {"estimate": -0.05}}} | changes
    return json.dumps({"schema": "scaling.fit/1", "results": [result]})


def test_a_fit_comes_back_as_it_was_written(tmp_path):
    path = tmp_path / "fit.json"
    path.write_text(to_json(report(chinchilla_result())))
    (saved,) = read_fits(path)
    fitted = chinchilla_result()
    for name in ("group", "law", "parameters", "draws", "noise", "ranges", "inputs"):
        assert getattr(saved, name) == getattr(fitted, name)
    assert saved.resampling == fitted.interval.method


def test_json_lines_give_every_fit_and_skip_failures():
    text = "\n".join(to_json_lines(groups_report())) + "\n\n"
    saved = parse_fits(text, name="fits.jsonl")
    assert [each.group["optimizer"] for each in saved] == ["adamw", "[red]muon[/red]"]
    assert saved[0].draws is None


def test_one_line_alone_is_a_saved_fit():
    assert len(parse_fits(next(to_json_lines(groups_report())), name="one.jsonl")) == 1


def test_schema_law_and_estimates_are_enough():
    (saved,) = parse_fits(least(), name="typed.json")
    assert saved.parameters["b"] == Estimate(-0.05, None, None)
    assert (saved.group, saved.ranges, saved.draws, saved.noise, saved.resampling) == ({}, {}, None, None, None)


def test_null_counts_as_absent_and_unknown_words_as_unsaid():
    unsaid = least(group=None, ranges=None, draws=[[1.0, 2.0]], interval={"method": "other", "level": None})
    (saved,) = parse_fits(unsaid, name="typed.json")
    assert (saved.group, saved.draws, saved.resampling) == ({}, ((1.0, 2.0),), None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not valid JSON"),
        ("", "not valid JSON"),
        ('{"a": 1}\n{"a":', "line 2: not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "has no schema"),
        ('{"schema": "scaling.extrapolate/1"}', "not a saved fit"),
        ('{"schema": "scaling.fit/2"}', "this version reads 'scaling.fit/1'"),
        ('{"schema": "scaling.fit/1"}', "`results` is not a list"),
        ('{"schema": "scaling.fit/1", "results": []}', "contains no fit"),
        ('{"schema": "scaling.fit/1", "results": [3]}', "not an object"),
        (least(law=None), "missing required field `law`"),
        (least(parameters=None), "missing required field `parameters`"),
        (least(parameters={}), "the fit of 'power' has no parameters"),
        (least(parameters=[]), ", parameters: expected `object`, got `array`"),
        (least(parameters={"a": 3}), ", parameter a: expected `object`, got `int`"),
        (least(parameters={"a": {"estimate": None}}), ", parameter a: `estimate` is null"),
        (least(parameters={"a": {"estimate": True}}), ", parameter a, estimate: expected `float | null`, got `bool`"),
        (least(parameters={"a": {"estimate": 10**400}}), ", parameter a, estimate: number out of range"),
        (least(noise=float("nan")), "NaN is not a finite number"),
        (least(noise=1e308).replace("1e+308", "1e999"), "1e999 is not a finite number"),
        (least(draws=[[1.0]]), "rows of 2 numbers"),
        (least(draws=[[1.0, None]]), ", draws[0][1]: expected `float`, got `null`"),
        (least(ranges={"compute": [1]}), "expected `array` of length 2, got 1"),
        (least(group=3), ", group: expected `object`, got `int`"),
    ],
)
def test_what_is_not_a_saved_fit_is_refused_by_name(text, says):
    with pytest.raises(DataError) as error:
        parse_fits(text, name="fit.json")
    assert error.value.message.startswith("fit.json")
    assert says in error.value.message
    assert error.value.hint


def test_failures_that_are_no_list_are_refused_by_name(tmp_path):
    path = tmp_path / "fit.json"
    for given, says in ((True, "`failures` is not a list"), ([3], "failures: expected `object`, got `int`")):
        path.write_text(json.dumps({**json.loads(least()), "failures": given}))
        with pytest.raises(DataError) as error:
            read_failures(path)
        assert says in error.value.message
    path.write_text(least())
    assert read_failures(path) == ()


def test_unreadable_files_are_refused_by_name(tmp_path):
    for path in (tmp_path / "absent.json", tmp_path):
        with pytest.raises(DataError, match="cannot be read"):
            read_fits(path)
    binary = tmp_path / "fit.bin"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="not UTF-8"):
        read_fits(binary)


def test_a_fit_by_another_flops_rule_is_not_read_as_if_by_the_usual_one():
    other = json.loads(least()) | {"options": {"flops_rule": "6*(params+2e9)*tokens"}}
    with pytest.raises(DataError, match="counts compute by") as error:
        parse_fits(json.dumps(other), name="fit.json")
    assert "--flops-rule" in error.value.hint
    assert parse_fits(json.dumps(other | {"options": {"flops_rule": "6ND"}}), name="fit.json")
