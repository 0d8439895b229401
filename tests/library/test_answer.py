"""Reports at a prompt and in a notebook are short, carry their caveats, and become frames."""

from __future__ import annotations

import copy
import csv
import doctest
import io
import pickle
import re
import sys
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from matplotlib.figure import Figure

import scaling_cli as scaling
from scaling_cli.caveats import Caveat
from scaling_cli.errors import FitError, UsageError
from scaling_cli.library import answer as answers
from scaling_cli.library.answer import answer
from scaling_cli.options.formats import suffixes
from scaling_cli.record import replace
from scaling_cli.report.charts.figure import figure
from scaling_cli.report.pages.html import report_page
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render
from scaling_cli.report.views import panels_of, view_of
from tests import ROOT
from tests.answers import RUNS
from tests.answers import answered as asked
from tests.factories import bad_report, chinchilla_result, groups_report, report
from tests.grids import one_in

COMMANDS = ("fit", "extrapolate", "compare-exponents", "optimal-allocation", "inference-coverage", "columns")


@pytest.fixture(scope="module", params=one_in(6, COMMANDS))
def answered(request):
    return asked(request.param)


def test_text_is_a_line_a_result_and_the_codes_of_the_caveats(answered):
    lines = repr(answered).splitlines()
    codes = {each.code for each in answered.caveats}
    assert lines[0].startswith(f"<scaling {answered.command}: {len(answered.results)} result")
    assert len(lines) == 1 + len(answered.results) + bool(codes)
    assert all(code in lines[-1] for code in codes)
    assert len(repr(answered)) < 2000


def test_a_result_is_short_too(answered):
    assert all(len(repr(each)) < 4000 for each in answered.results)


def test_markup_has_the_notes_and_tables_of_the_page(answered):
    page = report_page(answered, view_of(answered.command).pages(answered), ())
    shown = answered._repr_html_()
    page = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)  # how to make the page again, and a checklist
    for tag in ("<td", "<dt>", 'class="caveat"'):
        assert shown.count(tag) == page.count(tag)
    assert shown.count("<td") > 5
    assert "body {" not in shown


def test_the_frame_has_the_rows_of_csv(answered):
    header, *rows = csv.reader(io.StringIO(render(answered, "csv", view_of(answered.command), look=Look())))
    frame = answered.to_polars()
    assert frame.columns == header
    assert [["" if cell is None else str(cell) for cell in row] for row in frame.iter_rows()] == rows


def test_failures_have_their_lines_and_control_characters_are_escaped():
    shown = repr(answer(groups_report()))
    assert "2 results, 1 failed" in shown
    assert "adamw: Loss falls as params^-0.35 and tokens^-0.37 towards 1.82 [1.77, 1.87]" in shown
    assert "failed: 3 points cannot fix the 5 parameters of chinchilla." in shown
    assert "\x1b" not in shown + answer(bad_report())._repr_html_()


def test_many_results_are_counted():
    several = answer(report(*(chinchilla_result(group={"run": str(place)}) for place in range(14))))
    assert repr(several).splitlines()[-1] == "  and 4 more>"
    assert repr(several).count("Loss falls") == 10


def test_numbers_are_found_by_name():
    fit = answer(report(chinchilla_result()))
    assert fit["alpha"] == fit.results[0].parameters["alpha"]
    assert fit["params_exponent"].low == 0.4712
    assert fit["quality"].rmse_log == 0.00512
    with pytest.raises(KeyError, match="it has E, A, B, alpha"):
        fit["gamma"]
    groups = answer(groups_report())
    assert groups["adamw"]["E"].estimate == 1.817218
    with pytest.raises(KeyError, match="the groups are adamw"):
        groups["sgd"]


def test_the_answer_about_one_group_has_its_own_caveats_alone():
    made = groups_report()
    own, others = {"optimizer": "adamw"}, {"optimizer": "muon"}
    caveats = (Caveat("few-runs", "Few.", own), Caveat("few-runs", "Few.", others), Caveat("rows-excluded", "Some."))
    adamw = answer(replace(made, caveats=caveats))["adamw"]
    assert [caveat.group for caveat in adamw.caveats] == [own, None]
    assert adamw.failures == ()


def test_groups_are_listed_and_one_that_is_left_or_failed_is_found_by_its_name():
    groups = answer(groups_report())
    assert [groups[name]["E"].estimate for name in groups] == [each.parameters["E"].estimate for each in groups.results]
    assert "adamw" in groups
    assert "alpha" not in groups
    failed = groups.failures[0]
    with pytest.raises(KeyError, match="has no result: 3 points cannot fix"):
        groups[next(iter(failed.group.values()))]
    alone = answer(report(chinchilla_result(group={"batch": "256"})))
    assert list(alone) == ["256"]
    assert alone["alpha"] == alone[256]["alpha"] == alone["256"]["alpha"]
    assert "alpha" in alone
    with pytest.raises(KeyError, match="it has E, A, B"):
        alone[512]
    assert list(answer(report(chinchilla_result())))[:3] == ["E", "A", "B"]


def test_groups_are_found_by_the_numbers_and_truth_values_of_the_table():
    groups = answer(report(*(chinchilla_result(group={"g": name}) for name in ("256", "2e+07", "0.0003", "true", "a"))))
    numbers = [(256, "256"), (256.0, "256"), (np.int64(256), "256"), (2e7, "2e+07"), (3e-4, "0.0003")]
    for name, label in [*numbers, (True, "true"), ("a", "a")]:
        assert name in groups
        assert groups[name].results[0].group["g"] == label
    for name in (257, False, "A", None, 1):
        assert name not in groups
        with pytest.raises(KeyError, match="the groups are 256, 2e"):
            groups[name]


def test_laws_are_listed_with_their_formulas_and_found_by_name():
    laws = scaling.list_laws()
    assert "  power: a * x^b" in repr(laws).splitlines()
    assert "chinchilla" in list(laws)
    chinchilla = laws["chinchilla"]
    assert chinchilla["formula"] == "E + A / params^alpha + B / tokens^beta"
    assert chinchilla["alpha"].meaning == scaling.list_laws("chinchilla")["alpha"].meaning == "exponent of params"
    with pytest.raises(KeyError, match="'nope' is not a result; the results are power, "):
        laws["nope"]


def test_an_answer_equals_what_was_saved_and_no_other(tmp_path):
    fit = scaling.fit(RUNS, replicates=20)
    assert scaling.load(fit.save(tmp_path / "fit.json")) == fit
    assert scaling.load(fit.save(tmp_path / "fit.jsonl")).predict(params=1e9, tokens=1e10).low is None
    assert pickle.loads(pickle.dumps(fit)) == copy.deepcopy(fit) == fit
    assert fit != scaling.fit(RUNS, replicates=20, seed=1)
    assert fit != "fit"
    with pytest.raises(UsageError, match="not an object of type dict"):
        scaling.load({})
    with pytest.raises(UsageError, match="not the content of a file"):
        scaling.load(fit.to_json())


def test_a_fit_predicts_with_intervals_that_widen_beyond_its_runs():
    fit = scaling.fit(RUNS, replicates=100)
    inside, beyond = fit.predict(params=["1B", 70e9], tokens=[20e9, "1.4T"])
    assert inside.low < inside.estimate < inside.high
    assert inside.new_low < inside.low < inside.high < inside.new_high
    assert beyond.high / beyond.low > inside.high / inside.low
    assert fit.predict(params="1B", tokens=20e9) == inside
    with pytest.raises(UsageError, match="takes params, tokens, not compute"):
        fit.predict(compute=1e22)
    assert scaling.fit(RUNS, interval="none").predict(params=1e9, tokens=2e10).low is None
    with pytest.raises(UsageError, match="needs the fit of one group"):
        scaling.columns(RUNS).predict(params=1)


@pytest.mark.parametrize(
    "amount",
    [0, -1e9, float("nan"), float("inf"), None, True, 1 + 2j, 10**400, "0", {"a": 1}, [[1e9]], [1e9, None], [np.nan]],
    ids=repr,
)  # fmt: skip
def test_what_is_no_amount_is_refused_by_name(amount):
    fit = scaling.fit(RUNS, interval="none")
    with pytest.raises(scaling.ScalingError, match=r"predict\(\): params is .* not an amount") as caught:
        fit.predict(params=amount, tokens=2e10)
    assert "such as 70e9" in caught.value.hint


def test_a_joint_fit_predicts_for_the_group_that_is_named():
    path = ROOT / "sample_data" / "optimizers.csv"
    joint = scaling.fit(path, by="optimizer", share="b", law="power", x="compute", replicates=50)
    muon = joint.predict(compute=1e20, optimizer="muon")
    assert muon.estimate == pytest.approx(joint["a[muon]"].estimate * 1e20 ** joint["b"].estimate)
    assert muon.low < muon.estimate < muon.high
    assert muon.estimate < joint.predict(compute=[1e20], optimizer="adamw")[0].estimate
    with pytest.raises(UsageError, match="takes compute, optimizer, not compute, x, optimizer"):
        joint.predict(compute=1e20, x=1e20, optimizer="adamw")
    with pytest.raises(UsageError, match="takes compute, optimizer, not compute") as caught:
        joint.predict(compute=1e20)
    assert caught.value.hint == "Write predict(compute=..., optimizer='adamw')."
    with pytest.raises(UsageError, match="no optimizer is called 'sgd'") as caught:
        joint.predict(compute=1e20, optimizer="sgd")
    assert caught.value.hint == "Give one of adamw, muon."


def test_series_of_pandas_are_matched_by_their_order_only_if_their_indexes_are_equal():
    fit, runs = scaling.fit(RUNS, interval="none"), pd.read_csv(RUNS).head(3)
    found = [each.estimate for each in fit.predict(params=runs["params"], tokens=runs["tokens"])]
    assert found == [fit.predict(params=row.params, tokens=row.tokens).estimate for row in runs.itertuples()]
    with pytest.raises(UsageError, match="'params' and 'tokens' are Series of pandas with different indexes"):
        fit.predict(params=runs["params"], tokens=runs["tokens"].iloc[::-1])


def test_no_number_is_given_where_a_law_gives_no_loss_above_zero():
    compute = [10.0**power for power in range(18, 26)]
    accuracy = [0.1 * power - 1.7 + 0.01 * (power % 2) for power in range(18, 26)]
    table = {"compute": compute, "accuracy": accuracy}
    fit = scaling.fit(table, loss="accuracy", law="logarithmic", space="linear", interval="none")
    assert fit.predict(compute=1e20).estimate == pytest.approx(0.3, abs=0.02)
    with pytest.raises(FitError, match="the law gives a loss that is not above zero"):
        fit.predict(compute=[1e20, 1e15])


def test_amounts_of_every_numeric_type_are_taken_and_unequal_numbers_of_them_refused():
    fit = scaling.fit(RUNS, interval="none")
    one = fit.predict(params=1e9, tokens=2e10)
    for amount in (10**9, np.int64(10**9), np.float64(1e9), np.array(1e9), Decimal("1e9"), "1B"):
        assert fit.predict(params=amount, tokens=2e10) == one
    for amounts in ((1e9,), np.array([1e9]), pl.Series([1e9]), pd.Series([10**9], index=[7])):
        assert fit.predict(params=amounts, tokens=2e10) == [one]
    with pytest.raises(scaling.ScalingError, match="3 of params and 2 of tokens"):
        fit.predict(params=[1e9] * 3, tokens=[2e10] * 2)


@pytest.mark.parametrize("suffix", suffixes())
def test_an_answer_is_saved_in_the_format_of_the_name(tmp_path, suffix):
    made = answer(report(chinchilla_result()))
    assert made.save(tmp_path / f"fit{suffix}").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="no format") as caught:
        made.save(tmp_path / "fit.pdf")
    assert "answer.figure().savefig(path)" in caught.value.hint
    with pytest.raises(UsageError, match="cannot be written"):
        made.save(tmp_path / "none" / f"fit{suffix}")


def test_where_an_answer_cannot_be_saved_is_said_as_on_the_command_line(tmp_path):
    made = answer(report(chinchilla_result()))
    with pytest.raises(UsageError, match="cannot be written") as caught:
        made.save(tmp_path / "none" / "fit.json")
    assert "a folder that exists" in caught.value.hint
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(UsageError, match=r"folder\.json cannot be written"):
        made.save(tmp_path / "folder.json")
    with pytest.raises(UsageError, match=r"x\.\.\. cannot be written"):
        made.save(tmp_path / f"{'x' * 300}.json")


def test_an_answer_is_not_saved_over_the_file_that_it_was_made_from(tmp_path):
    runs = tmp_path / "runs.csv"
    runs.write_bytes(Path(RUNS).read_bytes())
    fit = scaling.fit(runs, interval="none")
    with pytest.raises(UsageError, match="one of the files that are read"):
        fit.save(runs)
    assert runs.read_bytes() == Path(RUNS).read_bytes()
    assert fit.save(fit.save(tmp_path / "fit.json")).read_bytes()


def test_a_saved_answer_is_loaded_and_draws_the_same_figure(answered, tmp_path):
    if answered.command == "columns":
        pytest.skip("nothing is drawn")
    loaded = scaling.load(answered.save(tmp_path / "a.json"))
    assert loaded.to_json() == answered.to_json()
    assert loaded.summary(details=True) == answered.summary(details=True)
    before, after = (figure(panels_of(view_of(one.command), one), "svg") for one in (answered, loaded))
    assert before == after


def test_summary_begins_with_the_answer_and_ends_with_the_caveats(answered):
    lines = answered.summary().splitlines()
    assert lines[0].endswith(answered.results[0].sentence)
    assert all(each.code in answered.summary() for each in answered.caveats)


def test_figures_are_those_of_matplotlib(answered):
    if answered.command == "columns":
        with pytest.raises(UsageError, match="nothing to draw"):
            answered.figure()
        return
    made = answered.figure("single", title="Mine")
    assert made.get_figwidth() == pytest.approx(89 / 25.4)
    for drawing in (made, answered.plot()):
        assert drawing._repr_png_().startswith(b"\x89PNG")  # which IPython asks for
    axes = Figure().subplots()
    assert answered.plot(ax=axes) is axes
    assert axes.get_xlabel()
    with pytest.raises(UsageError, match="not on an object of type Figure"):
        answered.plot(made)
    for wrong in ({"size": (7, 4)}, {"dpi": -1}, {"dpi": "many"}, {"title": 3}, {"style": 3}):
        with pytest.raises(UsageError, match=next(iter(wrong))):
            answered.figure(**wrong)
    assert "<svg" in answered._repr_html_()


def test_frames_for_pandas_need_no_pyarrow(answered, monkeypatch):
    pandas = pytest.importorskip("pandas")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    frame = answered.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == answered.to_polars().columns


def test_without_pandas_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(UsageError, match="needs pandas") as error:
        answer(report(chinchilla_result())).to_pandas()
    assert "pip install pandas" in error.value.hint


def test_examples_in_docstrings_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    for module in (answers,):
        assert doctest.testmod(module).failed == 0
