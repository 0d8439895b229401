"""Reports and forecasts read back, published fits as saved ones, and the parts of a document."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from msgspec.inspect import DictType, IntType

from scaling_cli.document import write
from scaling_cli.document.forecasts import SavedForecast, SavedPrediction, _faults, read_forecasts
from scaling_cli.document.levels import saved_from
from scaling_cli.document.published import published_fit
from scaling_cli.document.saved import _wrapped, checked_while_shown, read_report
from scaling_cli.document.saved_fit import SavedFit, SavedInterval
from scaling_cli.document.sound import first_fault
from scaling_cli.document.write import drawn_parts, to_json, to_json_lines, whole
from scaling_cli.errors import DataError, UsageError
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import Estimate, FitResult, Observations
from tests.factories import bad_report, chinchilla_result, groups_report, power_result, report


def document(command):
    """A document of a command without results."""
    return json.dumps({
        "schema": f"scaling.{command}/1", "command": command, "inputs": [], "columns": {}, "options": {}, "results": [],
    })  # fmt: skip


def read(tmp_path, text):
    path = tmp_path / "saved.json"
    path.write_text(text)
    return read_report(path, lambda command: FitResult)


@pytest.mark.parametrize("made", [report(chinchilla_result()), groups_report(), bad_report()])
def test_a_report_comes_back_with_its_drawing(tmp_path, made):
    back = read(tmp_path, to_json(made))
    assert list(map(whole, back.results)) == list(map(whole, made.results))
    assert (back.command, back.columns, back.caveats, back.failures) == (
        "fit",
        made.columns,
        made.caveats,
        made.failures,
    )
    assert back.inputs == made.inputs


def test_lines_of_one_command_are_one_report(tmp_path):
    made = groups_report()
    back = read(tmp_path, "\n".join(to_json_lines(made)))
    assert len(back.results) == 2
    assert len(back.inputs) == 1  # the file that both lines name
    assert [caveat.code for caveat in back.caveats] == [caveat.code for caveat in made.caveats]
    assert back.failures == made.failures


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[]", "it is not a result of a command"),
        ('{"schema": "other/1"}', "it is not a result of a command"),
        ('{"schema": "scaling.fit/1", "command": "fit", "results": 3}', "`results` is not a list"),
        ('{"schema": "scaling.fit/1", "command": "fit", "results": [], "drawing": 3}', "`drawing` is not a list"),
        ('{"schema": "scaling.fit/1", "command": "fit", "results": [{"law": 3}]}', "`str`|missing required"),
        ("\n".join(document(command) for command in ("fit", "plan")), "has results of several commands"),
    ],
)
def test_what_no_command_wrote_is_refused(tmp_path, text, message):
    with pytest.raises(DataError, match=message):
        read(tmp_path, text)


def test_null_is_nan_where_a_number_is_due(tmp_path):
    gap = power_result(quality=replace(power_result().quality, rmse_log=math.nan))
    back = read(tmp_path, to_json(report(gap)))
    assert math.isnan(back.results[0].quality.rmse_log)


def test_a_published_fit_has_intervals_of_its_level_and_seed():
    narrow, wide = published_fit("chinchilla:besiroglu", level=0.5), published_fit("chinchilla:besiroglu", level=0.99)
    for name, value in wide.parameters.items():
        assert value.low < narrow.parameters[name].low < narrow.parameters[name].high < value.high
    assert len(wide.draws) == 1000
    draws = np.array(wide.draws)
    assert wide.parameters["E"].low == pytest.approx(np.quantile(draws[:, 0], 0.005))
    assert wide.parameters["E"].high == pytest.approx(np.quantile(draws[:, 0], 0.995))
    assert published_fit("chinchilla:besiroglu") == published_fit("chinchilla:besiroglu", level=0.95, seed=0)
    assert published_fit("chinchilla:besiroglu", seed=1).draws != wide.draws
    assert wide.inputs == {"params": "params", "tokens": "tokens"}
    with pytest.raises(UsageError):
        published_fit("chinchilla:nobody")


@pytest.mark.parametrize(
    ("method", "draws", "resampling"),
    [("wild", True, "wild"), ("bca", True, "bootstrap"), ("bootstrap", True, "bootstrap"), ("wild", False, None),
     ("other", True, None), (None, True, None)],
)  # fmt: skip
def test_how_replicates_were_made_is_known_where_there_are_any(method, draws, resampling):
    saved = SavedFit("power", {"a": Estimate(1.0)}, draws=((1.0,),) if draws else None, interval=SavedInterval(method))
    assert saved.resampling == resampling


def test_a_result_is_saved_with_its_parts():
    result = chinchilla_result(group={"opt": "adam"})
    saved = saved_from(result)
    assert (saved.law, saved.group, saved.noise, saved.draws) == ("chinchilla", {"opt": "adam"}, 0.00437, result.draws)
    assert (saved.parameters, saved.ranges, saved.inputs) == (result.parameters, result.ranges, result.inputs)
    assert saved.interval.method == "bootstrap"


def fault(**changes):
    facts = {
        "law": "chinchilla",
        "parameters": dict(chinchilla_result().parameters),
        "inputs": {"params": "params", "tokens": "tokens"},
    }
    return first_fault(SavedFit(**(facts | changes)))


@pytest.mark.parametrize(
    ("changes", "is_fault"),
    [
        ({}, False),
        ({"noise": 0.0}, False),
        ({"noise": 10.0}, False),
        ({"noise": 10.1}, True),
        ({"noise": -1e-9}, True),
        ({"ranges": {"x": (1e-60, 1e60)}}, False),
        ({"ranges": {"x": (0.9e-60, 1.0)}}, True),
        ({"ranges": {"x": (1.0, 1.1e60)}}, True),
        ({"ranges": {"x": (2.0, 2.0)}}, False),
        ({"ranges": {"x": (2.0, 1.0)}}, True),
        ({"draws": ((1e200, 1.0, 1.0, 1.0, -1.0),)}, False),
        ({"draws": ((1.1e200, 1.0, 1.0, 1.0, 1.0),)}, True),
        ({"draws": ((1e-200, 1.0, 1.0, 1.0, 1.0),)}, False),
        ({"draws": ((0.9e-200, 1.0, 1.0, 1.0, 1.0),)}, True),
        ({"draws": ((0.0, 1.0, 1.0, 1.0, 0.0),)}, False),
        ({"draws": ((-1.0, 1.0, 1.0, 1.0, 1.0),)}, True),
        ({"draws": ((1.0, -1.0, 1.0, 1.0, 1.0),)}, True),
        ({"law": "no law", "noise": -1.0}, False),
    ],
)
def test_numbers_count_up_to_their_limits(changes, is_fault):
    assert (fault(**changes) is not None) == is_fault


PREDICTION = {"at": {"params": 1e9}, "loss": {"estimate": 2.0, "low": 1.9, "high": 2.1}}
RESULT = {"group": {"loss": "a", "opt": "x"}, "predictions": [PREDICTION], "interval": {"level": 0.9}}


def forecasts(tmp_path, *results, columns=None, **changes):
    document = {"schema": "scaling.extrapolate/1", "results": results, "inputs": [{"sha256": "h"}, 3, {}]}
    path = tmp_path / "forecast.json"
    path.write_text(json.dumps(document | ({} if columns is None else {"columns": columns}) | changes))
    return read_forecasts(path)


def test_a_forecast_comes_back_with_its_level_and_hashes(tmp_path):
    (found,) = forecasts(tmp_path, RESULT)
    assert (found.level, found.group, found.loss) == (0.9, {"loss": "a", "opt": "x"}, None)
    assert found.hashes == {"h", ""}
    assert found.predictions[0].interval == Estimate(2.0, 1.9, 2.1)
    assert forecasts(tmp_path, {"predictions": []})[0].level == 0.95


@pytest.mark.parametrize(
    ("inputs", "observed", "runs"),
    [
        ({"x": [1.0, 2.0], "y": [3.0, 4.0]}, [2.5, 2.25], (({"x": 1.0, "y": 3.0}, 2.5), ({"x": 2.0, "y": 4.0}, 2.25))),
        ({"x": [1.0]}, [2.5, 2.25], None),
        ({}, [], None),
    ],
)
def test_a_forecast_comes_back_with_the_runs_that_it_shows(tmp_path, inputs, observed, runs):
    drawing = [{"observations": {"inputs": inputs, "observed": observed}}]
    first, second = forecasts(tmp_path, RESULT, RESULT, drawing=drawing)
    assert (first.runs, second.runs) == (runs, None)


@pytest.mark.parametrize(
    ("columns", "loss", "group"),
    [
        ({"loss": "a, b"}, "a", {"opt": "x"}),
        ({"loss": "a"}, None, {"loss": "a", "opt": "x"}),
        ({"loss": "b, c"}, None, {"loss": "a", "opt": "x"}),
        (3, None, {"loss": "a", "opt": "x"}),
    ],
)
def test_of_several_losses_the_group_names_one(tmp_path, columns, loss, group):
    (found,) = forecasts(tmp_path, RESULT, columns=columns)
    assert (found.loss, found.group) == (loss, group)


@pytest.mark.parametrize(
    ("band", "interval"),
    [
        ({"low": 1.0, "high": 3.0}, (1.0, 3.0)),
        ({"low": None, "high": 3.0}, (1.9, 2.1)),
        ({"low": 1.0, "high": None}, (1.9, 2.1)),
    ],
)
def test_the_interval_for_one_new_run_comes_first_where_it_is_whole(tmp_path, band, interval):
    (found,) = forecasts(tmp_path, {"predictions": [PREDICTION | {"prediction": band}]})
    assert found.predictions[0].interval == Estimate(2.0, *interval)


def test_what_is_no_forecast_is_refused(tmp_path):
    with pytest.raises(DataError, match="is not a saved forecast"):
        forecasts(tmp_path, schema="scaling.fit/1")
    with pytest.raises(DataError, match=r"forecast.json: Expected"):
        forecasts(tmp_path, {"predictions": 3})


class Part(Record):
    drawn = ("points",)
    points: Observations | None = None
    inner: object = None
    number: float = 1.0


def points(count):
    return Observations({}, (1.0,) * count, (2.0,) * count)


def test_what_only_charts_use_is_found_wherever_it_stands():
    drawn = whole(points(1))
    assert drawn_parts(Part(points(1))) == {"points": drawn}
    assert drawn_parts(Part(None, Part(points(1)))) == {"inner": {"points": drawn}}
    assert drawn_parts((Part(), Part(points(1)))) == [{}, {"points": drawn}]
    assert drawn_parts((Part(), Part())) == []
    assert drawn_parts(()) == []
    assert drawn_parts((1.0, 2.0)) == []
    assert drawn_parts(3.0) == {}
    assert "points" in drawn_parts(Part(points(50_000)))
    assert drawn_parts(Part(points(50_001))) == {}
    assert whole({"a": (Part(),)}) == {"a": [{"points": None, "inner": None, "number": 1.0}]}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": 1, "b": [1, 2]}, '{\n  "a": 1,\n  "b": [1, 2]\n}'),
        ({"a": {"x": 1}}, '{\n  "a": {"x": 1}\n}'),
        ([[1, 2], [3, 4]], "[\n  [1, 2],\n  [3, 4]\n]"),
        ([{"a": 1}, {"b": 2}], '[\n  {"a": 1},\n  {"b": 2}\n]'),
        ([], "[]"),
        ({}, "{}"),
        ([[], [1]], "[\n  [],\n  [1]\n]"),
        ("x\x7f", '"x\\u007f"'),
    ],
)
def test_a_document_has_one_item_per_line(value, text):
    assert write._indented(value, "") == text
    assert json.loads(text) == value


@pytest.mark.parametrize(("length", "lines"), [(103, 1), (104, 3)])
def test_an_object_stays_on_its_line_up_to_112_characters(length, lines):
    assert len(write._indented({"a": "x" * length}, "").splitlines()) == lines
    assert len(write._indented({"a": "x" * (length - 2)}, "  ").splitlines()) == lines


@pytest.mark.parametrize(
    ("level", "loss", "at", "fault"),
    [
        (1.5, {}, {}, "its level is 1.5"),
        (1.0, {}, {}, "its level is 1"),
        (0.0, {}, {}, "its level is 0"),
        (0.9, {"low": 2.2, "high": 2.1}, {}, "its interval of the loss goes from 2.2 down to 2.1"),
        (0.9, {"low": 2.1, "high": 2.1}, {}, None),
        (0.9, {"low": None, "high": 2.1}, {}, None),
        (0.9, {"low": 2.2, "high": None}, {}, None),
        (0.9, {"low": 0.0}, {}, "its low end of the loss is 0"),
        (0.9, {"high": -1.0, "low": None}, {}, "its high end is -1"),
        (0.9, {"estimate": 1e61}, {}, "its loss is 1e+61"),
        (0.9, {"estimate": None, "low": None, "high": None}, {}, None),
        (0.9, {}, {"params": -5.0}, "its params is -5"),
    ],
)
def test_what_no_forecast_can_have_is_named(level, loss, at, fault):
    ends = Estimate(**{"estimate": 2.15, "low": 2.0, "high": 2.3, **loss})
    prediction = SavedPrediction({"compute": 1e22, **at}, ends)
    found = list(_faults(SavedForecast("f", {}, level, (prediction,), frozenset())))
    assert found == ([] if fault is None else [fault])


@pytest.mark.parametrize("text", ["[]", "3", '{"schema": "scaling.fit/1"}'])
def test_another_document_is_no_forecast(tmp_path, text):
    path = tmp_path / "forecast.json"
    path.write_text(text)
    with pytest.raises(DataError, match="is not a saved forecast"):
        read_forecasts(path)


def test_what_numbers_make_impossible_is_a_fault_of_the_document(tmp_path):
    said = r"saved\.json: its values do not fit together.*ValueError: zip"
    with pytest.raises(DataError, match=said), checked_while_shown(tmp_path / "saved.json"):
        list(zip([1.0], [1.0, 2.0], strict=True))
    with checked_while_shown(tmp_path / "saved.json"):
        pass
    with pytest.raises(DataError, match=r"^another fault"), checked_while_shown(tmp_path / "saved.json"):
        raise DataError("another fault", hint="")


@pytest.mark.parametrize(
    ("part", "name", "wrapped"),
    [
        ({"estimate": 1.0, "low": 0.5, "high": 2.0}, "exponent", True),
        (0.5, "exponent", True),
        ({"alpha": {"estimate": 1.0, "low": 0.5, "high": 2.0}}, "exponent", False),
        (0.5, "other", False),
    ],
)
def test_what_was_printed_without_its_only_key_has_it_again(part, name, wrapped):
    kind = DictType(IntType(), IntType())
    assert _wrapped(part, name, ("exponent",), kind) == ({"": part} if wrapped else part)
    assert _wrapped(part, name, ("exponent",), IntType()) == part
