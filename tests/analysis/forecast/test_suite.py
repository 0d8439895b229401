"""Several losses and tasks in one call: joint draws, one split of a budget, and the file that lists them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.analysis.forecast.joint import correlations
from scaling_cli.analysis.forecast.suite import Suite, Task, read_suite, suite_of
from scaling_cli.errors import DataError, UsageError
from scaling_cli.options.extrapolate import Extrapolate

PLACE = "params=3e9,tokens=6e10"
ONE_LAW = {"law": "chinchilla", "replicates": 40}  # for what does not depend on which laws are averaged
LAWS = {"web": (1.8, 480.0, 2085.0), "code": (0.9, 300.0, 1500.0), "math": (1.2, 500.0, 1800.0)}


def surface(params, tokens, law):
    E, A, B = law
    return E + A / params**0.348 + B / tokens**0.366


def runs(seed, *, shared=0.004, own=0.002, places=None):
    """Runs with three losses whose noise is partly shared, and a task of each of two of them."""
    generator = np.random.default_rng(seed)
    if places is None:
        compute = np.repeat(np.geomspace(1e18, 1e20, 6), 6)
        params = np.sqrt(compute / 120) * 10 ** generator.uniform(-0.6, 0.6, 36)
        places = np.stack([params, compute / 6 / params], axis=1)
    params, tokens = places.T
    common = shared * generator.standard_normal(len(params))
    columns = {"params": params, "tokens": tokens}
    for name, law in LAWS.items():
        noise = common + own * generator.standard_normal(len(params))
        columns[name + "_loss"] = surface(params, tokens, law) * np.exp(noise)
    columns["hellaswag"] = 0.25 + 0.75 / (1 + np.exp(3 * (columns["web_loss"] - 2.6)))
    columns["gsm8k"] = 1 / (1 + np.exp(4 * (columns["math_loss"] - 1.9)))
    return pl.DataFrame(columns)


LOSSES = [f"{name}_loss" for name in LAWS]


def test_errors_on_the_same_runs_are_correlated_about_zero():
    generator = np.random.default_rng(1)
    a, b = generator.standard_normal((2, 4000))
    errors = [dict(enumerate(rows.tolist())) for rows in (a, b, -a, a + b)]
    found = correlations(errors)
    assert found[0] == pytest.approx([1, 0, -1, 0.5**0.5], abs=0.05)
    assert correlations([{1: 1.0, 2: 1.0, 3: 1.0}, {2: 1.0, 3: 1.0, 4: 1.0}]) is None
    low = [dict.fromkeys(range(9), -0.01) for _ in range(2)]
    assert correlations(low)[0, 1] == pytest.approx(1.0)  # both forecasts are too low: wrong together


def test_a_loss_is_forecast_among_others_as_it_is_alone():
    frame, losses = runs(2), LOSSES[:2]
    together = scaling.extrapolate(frame, loss=losses, at=PLACE, replicates=40).results
    for loss, result in zip(losses, together, strict=True):
        (alone,) = scaling.extrapolate(frame, loss=loss, at=PLACE, replicates=40).results
        assert result.group == {"loss": loss}
        assert result.predictions == alone.predictions
    assert [result.suite is None for result in together] == [False, True]


def test_draws_of_what_is_the_same_are_the_same(tmp_path):
    """The average of a loss and its copy has the interval of the loss; independent errors would narrow it."""
    path = tmp_path / "suite.toml"
    path.write_text('losses = ["web_loss", "copy"]\n[averages]\nboth = ["web_loss", "copy"]\n')
    frame = runs(3).with_columns(copy="web_loss")
    (first, _) = scaling.extrapolate(frame, suite=path, at=PLACE, **ONE_LAW).results
    own, _, both = (row.value for row in first.suite.rows)
    assert first.suite.correlations["web_loss"]["copy"] == pytest.approx(1.0)
    assert both.high - both.low == pytest.approx(own.high - own.low, rel=0.06)  # 2,000 draws of a quantile


def test_a_budget_is_split_once_for_all_losses():
    results = scaling.extrapolate(runs(4), loss=LOSSES, at="compute=1e21", **ONE_LAW).results
    first = results[0].predictions[0].at
    assert {"params", "tokens"} < set(first)
    assert all(result.predictions[0].at == first for result in results)


def test_a_task_follows_from_the_loss_that_predicts_it_best():
    (first, *_) = scaling.extrapolate(
        runs(5), loss=LOSSES, then=["hellaswag", "gsm8k"], at="params=1e9,tokens=3e10", **ONE_LAW
    ).results
    assert {then.metric: then.loss for then in first.suite.tasks} == {"hellaswag": "web_loss", "gsm8k": "math_loss"}
    truth = 0.25 + 0.75 / (1 + np.exp(3 * (surface(1e9, 3e10, LAWS["web"]) - 2.6)))
    (row,) = [row for row in first.suite.rows if row.name == "hellaswag"]
    assert row.value.low < truth < row.value.high


def test_runs_that_lack_a_loss_leave_the_others_as_they_are():
    frame = runs(6).with_columns(code_loss=pl.when(pl.int_range(36) % 3 != 0).then("code_loss"))
    first, second = scaling.extrapolate(frame, loss=["web_loss", "code_loss"], at=PLACE, **ONE_LAW).results
    assert (first.runs, second.runs) == (36, 24)
    assert first.suite.correlations["web_loss"]["code_loss"] > 0.3  # by the 24 runs that have both


def test_a_loss_that_cannot_be_used_leaves_the_others():
    frame = runs(7).with_columns(code_loss=-pl.col("code_loss"))
    found = scaling.extrapolate(frame, loss=["web_loss", "code_loss"], at=PLACE, **ONE_LAW)
    assert [result.group for result in found.results] == [{"loss": "web_loss"}]
    assert [failure.group for failure in found.failures] == [{"loss": "code_loss"}]
    with pytest.raises(DataError, match="non-positive loss"):
        scaling.extrapolate(frame.with_columns(web_loss=-1.0), loss=["web_loss", "code_loss"], at=PLACE)


def test_a_scale_is_found_for_each_loss_without_any_place():
    found = scaling.extrapolate(runs(7), loss=["web_loss", "math_loss"], target_loss=2.4, **ONE_LAW).results
    assert [len(result.inverse) for result in found] == [1, 1]
    assert all(result.suite is None for result in found)


def test_a_task_is_not_a_loss_too():
    with pytest.raises(UsageError, match="both a loss and a task"):
        scaling.extrapolate(runs(7), loss="web_loss", then=["web_loss", "gsm8k"], at=PLACE, replicates=40)


def test_a_suite_file_lists_losses_tasks_and_averages(tmp_path):
    path = tmp_path / "suite.toml"
    path.write_text('[tasks."eval/arc"]\nloss = "web"\nchance = 0.25\n[tasks.gsm8k]\nloss = "math"\n')
    suite = read_suite(str(path))
    assert suite.losses == ("web", "math")
    assert suite.tasks == (Task("eval/arc", "sigmoid", 0.25, "web"), Task("gsm8k", "sigmoid", None, "math"))
    path.write_text('losses = ["web"]\ntasks = ["a", "b"]\n[averages]\nmean = ["a", "b"]\n')
    assert read_suite(str(path)).averages == {"mean": ("a", "b")}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("losses = 3", "Expected a list, got `int`"),
        ("looses = []", "unknown field"),
        ('[tasks.b]\nlow = "sigmoid"', "unknown field"),
        ("losses = [", "not TOML"),
        ("", "no losses and no tasks"),
        ('losses = ["a"]\n[tasks.b]\nloss = "c"', "not listed"),
        ('losses = ["a"]\n[tasks.b]\nlaw = "linear"', "the law of b"),
        ('losses = ["a"]\n[tasks.b]\nchance = 3', "the chance of b"),
        ('losses = ["a"]\n[tasks.a]', "both a loss and a task"),
        ('losses = ["a"]\n[averages]\nm = []', "lists nothing to average"),
        ('losses = ["a"]\n[averages]\nm = ["b"]', "not listed"),
        ('losses = ["a"]\n[averages]\na = ["a"]', "both an average and a column"),
    ],
)
def test_a_file_that_is_not_a_suite_is_refused(tmp_path, text, problem):
    path = tmp_path / "suite.toml"
    path.write_text(text)
    with pytest.raises(UsageError, match=problem):
        read_suite(str(path))


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"then": ["arc"]}, "--then"),
        ({"loss": "web"}, "--loss"),
        ({"chance": 0.25}, "--chance"),
        ({"then_law": "exponential-saturation"}, "--then-law"),
    ],
)
def test_a_suite_file_lists_all_losses_and_tasks(tmp_path, options, named):
    path = tmp_path / "suite.toml"
    path.write_text('losses = ["web"]')
    with pytest.raises(UsageError, match=f"so {named} cannot be given too"):
        suite_of(Extrapolate(suite=str(path), **options))
    assert suite_of(Extrapolate(suite=str(path))) == Suite(("web",))
    assert suite_of(Extrapolate(loss="web", then=["arc"], chance=0.25)) == Suite(
        ("web",), (Task("arc", "sigmoid", 0.25),)
    )


def test_a_task_is_not_forecast_far_outside_the_losses_that_it_was_measured_at():
    frame = runs(5).with_columns(gsm8k=pl.when(pl.col("web_loss") > 2.7).then("gsm8k"))
    (near, far) = ("params=2e8,tokens=4e9", "params=1e12,tokens=1e14")
    report = scaling.extrapolate(frame, loss="web_loss", then="gsm8k", at=[near, far], replicates=20)
    (result,) = report.results
    assert result.suite is None
    assert [row.is_outside for row in result.then.predictions] == [False, True]
    (noted,) = [each.message for each in report.caveats if each.code == "then-outside-range"]
    low, high = result.then.loss_range
    assert f"{low:.4g} to {high:.4g}" in noted
    assert "at 1 target" in noted


def test_several_losses_are_for_runs(tmp_path):
    with pytest.raises(DataError, match=r"cannot be read: No such file or directory\."):
        read_suite(str(tmp_path / "suite.toml"))
    with pytest.raises(UsageError, match="published fit, which --loss cannot change"):
        scaling.extrapolate(law="chinchilla:besiroglu", loss=["a", "b"], at="compute=1e22")
    with pytest.raises(UsageError, match="reads only one"):
        scaling.optimal_allocation(runs(1), loss=["web_loss", "code_loss"], budget=1e21)
    with pytest.raises(UsageError, match="estimator forecast"):
        scaling.extrapolate(runs(1), loss=["web_loss", "code_loss"], estimator="describe", law="chinchilla", at=PLACE)


@pytest.mark.slow
@pytest.mark.parametrize(("shared", "own"), [(0.004, 0.001), (0.001, 0.004)])
def test_the_interval_of_an_average_is_as_wide_as_its_errors(tmp_path, shared, own):
    """Its width against that of one loss is the ratio of their errors, whether noise is shared or not.

    pytest -m slow tests/analysis/forecast/test_suite.py
    """
    path = tmp_path / "suite.toml"
    path.write_text(f"losses = {LOSSES}\n[averages]\nmean = {LOSSES}\n".replace("'", '"'))
    place = np.array([[3e9, 6e10]])
    errors, widths = [], []
    for seed in range(150):
        results = scaling.extrapolate(
            runs([8, seed], shared=shared, own=own), suite=path, at=PLACE, replicates=40, seed=seed
        ).results
        new = runs([9, seed], shared=shared, own=own, places=place)
        rows = [row.value for row in results[0].suite.rows]
        reached = [new[loss][0] for loss in LOSSES]
        errors.append([value - row.estimate for value, row in zip([*reached, np.mean(reached)], rows, strict=True)])
        widths.append([row.high - row.low for row in rows])
    error, width = np.sqrt(np.mean(np.square(errors), axis=0)), np.mean(widths, axis=0)
    expected, simulated = width[-1] / width[:-1].mean(), error[-1] / np.sqrt(np.mean(error[:-1] ** 2))
    assert expected == pytest.approx(simulated, rel=0.2)  # a ratio of two errors of 150 has a standard error of 8 %


def test_a_suite_file_of_tasks_alone_takes_the_losses_of_the_options(tmp_path):
    path = tmp_path / "suite.toml"
    path.write_text('tasks = ["arc"]')
    assert suite_of(Extrapolate(suite=str(path), loss=("web", "code"))) == Suite(("web", "code"), (Task("arc"),))
    assert suite_of(Extrapolate(suite=str(path), map={"loss": "web"})) == Suite((), (Task("arc"),))


@pytest.mark.parametrize("options", [{"chance": 0.25}, {"then_law": "exponential-saturation"}])
def test_an_option_about_a_task_needs_one(options):
    with pytest.raises(UsageError, match="is about a task metric, but --then names none") as caught:
        suite_of(Extrapolate(**options))
    assert "--then COL" in caught.value.hint
    assert suite_of(Extrapolate(then=["arc"], **options)).tasks
