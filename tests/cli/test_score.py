"""Forecasts that are saved, and scored by runs that are trained later, as a user meets it."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest

import scaling_cli as scaling
from scaling_cli.document.write import to_json
from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws.published import published_law
from tests.cli.running import run_here as run

PLACES = [(2e9, 4e10), (3e9, 6e10), (4e9, 8e10), (6e9, 1e11)]


def loss(params, tokens):
    return 1.81686 + 482.00572 / params**0.34781 + 2085.4342 / tokens**0.36585


def runs(places, seed, noise=0.004):
    generator = np.random.default_rng(seed)
    return pl.DataFrame(
        [
            {
                "run_id": f"r{i}",
                "params": n,
                "tokens": d,
                "loss": loss(n, d) * np.exp(noise * generator.standard_normal()),
            }
            for i, (n, d) in enumerate(places)
        ]
    )


def small(seed):
    generator = np.random.default_rng([7, seed])
    compute = np.repeat(np.geomspace(1e18, 1e20, 5), 8)
    params = np.sqrt(compute / 120) * 10 ** generator.uniform(-0.8, 0.8, 40)
    return runs(list(zip(params, compute / 6 / params, strict=True)), seed)


def saved(folder, number, places=PLACES):
    """A forecast by a published fit, saved with `-o`."""
    at = [f"params={n:g},tokens={d:g}" for n, d in places]
    path = folder / f"forecast_{number:02d}.json"
    path.write_text(to_json(scaling.extrapolate(law="chinchilla:besiroglu", at=at)))
    return path


def test_a_forecast_is_saved_and_scored_by_runs_made_later(tmp_path):
    small(3).write_csv(tmp_path / "small.csv")
    forecast, new = tmp_path / "forecast.json", tmp_path / "new.csv"
    made = run("extrapolate", str(tmp_path / "small.csv"), "--at", "params=2e9,tokens=4e10", "-o", str(forecast), "-q")
    assert made.returncode == 0, made.stderr
    runs(PLACES, 99).write_csv(new)
    ended = run("score", str(forecast), str(new), "--json")
    assert ended.returncode == 0, ended.stderr
    (result,) = json.loads(ended.stdout)["results"]
    (row,) = result["scored"]
    assert row["run"] == "r0"
    assert row["error_log"] == pytest.approx(np.log(row["observed"] / row["predicted"]["estimate"]))
    assert row["inside"] == (row["predicted"]["low"] <= row["observed"] <= row["predicted"]["high"])
    assert result["unmatched"] == 0


def test_the_calibration_of_twenty_forecasts_in_a_folder(tmp_path):
    """Each truth is a draw from the uncertainty of the published fit, so its 95 % intervals are calibrated."""
    folder, new = tmp_path / "forecasts", tmp_path / "new.csv"
    folder.mkdir()
    places = [(n, 20 * n) for n in np.geomspace(1e9, 1e11, 20)]
    truths = published_law("chinchilla:besiroglu").draws(20, 5)
    for number, place in enumerate(places):
        saved(folder, number, [place])
    rows = [
        {"run_id": f"r{i}", "params": n, "tokens": d, "loss": t[0] + t[1] / n ** t[3] + t[2] / d ** t[4]}
        for i, ((n, d), t) in enumerate(zip(places, truths, strict=True))
    ]
    pl.DataFrame(rows).write_csv(new)
    result = scaling.score([folder, new]).results[0]
    assert (result.forecasts, len(result.scored)) == (20, 20)
    assert result.inside >= 16  # of 20 at 95 %: fewer in one of 400 cases
    assert result.coverage.estimate == result.inside / 20 == result.scored[-1].running
    assert result.coverage.low < result.coverage.estimate <= result.coverage.high
    assert "20 runs against 20 saved forecasts" in result.sentence


def test_a_forecast_that_is_named_twice_or_copied_counts_once(tmp_path):
    runs(PLACES, 99).write_csv(tmp_path / "new.csv")
    first, second = saved(tmp_path, 1), saved(tmp_path, 2, [(4e9, 8e10)])
    (tmp_path / "copy.json").write_bytes(first.read_bytes())
    once = scaling.score([first, second, tmp_path / "new.csv"]).results
    again = scaling.score([first, second, first, tmp_path / "copy.json", tmp_path / "new.csv"]).results
    assert again == once


def test_other_results_in_the_folder_of_forecasts_are_passed_over(tmp_path):
    folder, new = tmp_path / "forecasts", tmp_path / "new.csv"
    folder.mkdir()
    saved(folder, 1)
    runs(PLACES, 99).write_csv(new)
    once = scaling.score([folder, new])
    once.save(folder / "score.json")
    assert scaling.score([folder, new]).results == once.results


def test_wrong_forecasts_are_outside(tmp_path):
    path = saved(tmp_path, 1)
    worse = runs(PLACES, 99).with_columns(loss=pl.col("loss") * 1.2)
    worse.write_csv(tmp_path / "new.csv")
    result = scaling.score([path, tmp_path / "new.csv"]).results[0]
    assert result.inside == 0
    assert result.bias_log == pytest.approx(np.log(1.2), abs=0.02)


def test_runs_are_matched_within_a_share(tmp_path):
    path = saved(tmp_path, 1)
    runs([(n * 1.1, d) for n, d in PLACES[:2]], 99).write_csv(tmp_path / "new.csv")
    with pytest.raises(DataError, match="within 5% of the params"):
        scaling.score([path, tmp_path / "new.csv"])
    found = scaling.score([path, tmp_path / "new.csv"], within="12%").results[0]
    assert (len(found.scored), found.unmatched) == (2, 2)


def test_a_forecast_that_knew_its_runs_gets_a_caveat(tmp_path):
    new = tmp_path / "new.csv"
    pl.concat([small(2), runs(PLACES, 3)]).write_csv(new)
    path = tmp_path / "forecast.json"
    assert run("extrapolate", str(new), "--at", "params=2e9,tokens=4e10", "-o", str(path), "-q").returncode == 0
    assert [each.code for each in scaling.score([path, new]).caveats].count("forecast-knew-runs") == 1


def test_runs_that_a_forecast_knew_count_only_if_it_is_scored_by_them(tmp_path):
    old, new, both = (tmp_path / name for name in ("old.csv", "new.csv", "both.csv"))
    small(2).write_csv(old)
    runs(PLACES, 3).write_csv(new)
    pl.concat([small(2), runs(PLACES, 3)]).write_csv(both)
    known = small(2).row(-1, named=True)
    later, own = tmp_path / "later.json", tmp_path / "own.json"
    scaling.extrapolate(str(old), at="params=2e9,tokens=4e10").save(later)
    scaling.extrapolate(str(old), at=f"params={known['params']},tokens={known['tokens']}").save(own)
    for files in ([old, new], [both]):
        assert "forecast-knew-runs" not in [each.code for each in scaling.score([later, *files]).caveats]
        assert [each.code for each in scaling.score([own, *files]).caveats].count("forecast-knew-runs") == 1


def test_forecasts_without_runs_and_runs_without_forecasts_are_refused(tmp_path):
    path, new = saved(tmp_path, 1), tmp_path / "new.csv"
    runs(PLACES, 3).write_csv(new)
    with pytest.raises(UsageError, match="only forecasts"):
        scaling.score([path])
    with pytest.raises(UsageError, match="no saved forecast"):
        scaling.score([new])


@pytest.mark.parametrize(("column", "unit"), [("loss_bits", []), ("loss_bits", ["bits"]), ("loss", ["bits"])])
def test_runs_in_bits_score_a_forecast_in_nats(tmp_path, column, unit):
    path, new = saved(tmp_path, 1), tmp_path / "new.csv"
    later = runs(PLACES, 3)
    later.with_columns(pl.col("loss") / np.log(2)).rename({"loss": column}).write_csv(new)
    options = [part for name in unit for part in ("--loss-unit", name)]
    done = run("score", path, new, "--loss", column, *options, "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    later.write_csv(tmp_path / "nats.csv")
    plain = scaling.score([path, tmp_path / "nats.csv"])
    assert [row["error_log"] for row in document["results"][0]["scored"]] == pytest.approx(
        [row.error_log for row in plain.results[0].scored]
    )
    assert [each["code"] for each in document["caveats"]] == ["forecast-converted"]
    assert not plain.caveats


@pytest.mark.parametrize("factor", [1 / np.log(2), np.log(2)])
def test_units_that_nothing_names_are_seen_from_the_errors_and_the_remedy_works(tmp_path, factor):
    path, new = saved(tmp_path, 1), tmp_path / "new.csv"
    runs(PLACES, 3).with_columns(pl.col("loss") * factor).write_csv(new)
    found = scaling.score([path, new])
    (said,) = found.caveats
    assert (said.code, round(np.exp(found.results[0].bias_log), 2)) == ("score-in-bits", round(factor, 2))
    if factor > 1:
        assert "Give --loss-unit bits" in said.message
        mended = scaling.score([path, new], loss_unit="bits")
    else:
        assert "--map 'loss=loss*1.442695'" in said.message
        mended = scaling.score([path, new], map={"loss": "loss*1.442695"})
    assert abs(mended.results[0].bias_log) < 0.02
    assert "score-in-bits" not in {each.code for each in mended.caveats}


@pytest.mark.parametrize("factor", [1.0, 1.2, 1.6, 0.6])
def test_other_errors_are_no_unit(tmp_path, factor):
    path, new = saved(tmp_path, 1), tmp_path / "new.csv"
    runs(PLACES, 3).with_columns(pl.col("loss") * factor).write_csv(new)
    assert not scaling.score([path, new]).caveats


def test_a_forecast_by_a_saved_fit_knows_the_unit_of_the_fit(tmp_path):
    logged = small(3).with_columns(pl.col("loss") / np.log(2))
    scaling.fit(logged, loss_unit="bits", interval="none").save(tmp_path / "fit.json")
    forecast = scaling.extrapolate(tmp_path / "fit.json", at="params=2e9,tokens=4e10")
    forecast.save(tmp_path / "forecast.json")
    runs(PLACES, 3).rename({"loss": "val_loss"}).write_csv(tmp_path / "new.csv")
    found = scaling.score([tmp_path / "forecast.json", tmp_path / "new.csv"])
    assert [each.code for each in found.caveats] == ["forecast-converted"]
    assert abs(found.results[0].bias_log) < 0.05


def test_forecasts_of_another_metric_are_left_out(tmp_path):
    path, new = saved(tmp_path, 1), tmp_path / "new.csv"
    document = json.loads(path.read_text())
    (tmp_path / "other.json").write_text(json.dumps(document | {"columns": {"loss": "bpb"}}))
    runs(PLACES, 3).write_csv(new)
    found = scaling.score([path, tmp_path / "other.json", new])
    assert [each.group for each in found.failures] == [{"forecast": "other.json"}]
    assert found.results[0].forecasts == 1


def test_each_level_of_intervals_is_scored_by_itself(tmp_path):
    for number, level in enumerate((0.5, 0.95)):
        forecast = scaling.extrapolate(law="chinchilla:besiroglu", at="params=2e9,tokens=4e10", level=level)
        (tmp_path / f"forecast_{number}.json").write_text(to_json(forecast))
    runs(PLACES, 99).write_csv(tmp_path / "new.csv")
    results = json.loads(run("score", tmp_path, tmp_path / "new.csv", "--json").stdout)["results"]
    assert [(result["group"], result["level"], result["forecasts"]) for result in results] == [
        ({"level": "50 %"}, 0.5, 1), ({"level": "95 %"}, 0.95, 1)
    ]  # fmt: skip


def test_only_forecasts_with_an_interval_are_counted_as_inside_or_not(tmp_path):
    document = json.loads(to_json(scaling.extrapolate(law="chinchilla:besiroglu", at="params=2e9,tokens=4e10")))
    (tmp_path / "a.json").write_text(json.dumps(document))
    document["results"][0]["predictions"][0] |= {"prediction": {}, "loss": {"estimate": 2.5, "low": None, "high": None}}
    (tmp_path / "b.json").write_text(json.dumps(document))
    runs(PLACES, 99).write_csv(tmp_path / "new.csv")
    said = run("score", tmp_path / "a.json", tmp_path / "b.json", tmp_path / "new.csv").stdout
    assert said.startswith("2 comparisons of 1 run against 2 saved forecasts: ")
    assert " of 1, or 100 % [21 %, 100 %], lie inside their 95 % interval" in said


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda made: made.update(results=None), "Expected `array`, got `null`"),
        (lambda made: made.update(results=[]), "it has no result"),
        (lambda made: made["results"][0]["predictions"][0]["loss"].update(estimate=0), "its loss is 0"),
        (lambda made: made["results"][0]["predictions"][0]["at"].update(params=-1), "its params is -1"),
        (lambda made: made["results"][0]["interval"].update(level=2), "its level is 2"),
        (
            lambda made: made["results"][0]["predictions"][0].update(prediction={"low": 3, "high": 2}),
            "from 3 down to 2",
        ),
    ],
)
def test_a_forecast_whose_values_no_forecast_can_have_is_refused(tmp_path, spoil, said):
    document = json.loads(to_json(scaling.extrapolate(law="chinchilla:besiroglu", at="params=2e9,tokens=4e10")))
    spoil(document)
    (tmp_path / "odd.json").write_text(json.dumps(document))
    runs(PLACES, 99).write_csv(tmp_path / "new.csv")
    ended = run("score", "odd.json", "new.csv", cwd=tmp_path)
    assert ended.returncode == 3
    assert "error: odd.json" in ended.stderr
    assert said in ended.stderr


def test_one_of_several_forecast_losses_is_scored_by_its_name(tmp_path):
    suite = small(3).rename({"loss": "web"}).with_columns(code=pl.col("web") / 2)
    suite.write_csv(tmp_path / "small.csv")
    asked = (str(tmp_path / "small.csv"), "--loss", "web", "--loss", "code", "--at", "params=2e9,tokens=4e10")
    forecast, new = str(tmp_path / "forecast.json"), str(tmp_path / "new.csv")
    assert run("extrapolate", *asked, "-o", forecast, "-q").returncode == 0
    runs(PLACES, 99).rename({"loss": "web"}).with_columns(code=pl.col("web") / 2).write_csv(new)
    assert run("score", forecast, new).stdout.startswith("2 losses of 1 run")
    (result,) = json.loads(run("score", forecast, new, "--loss", "code", "--json").stdout)["results"]
    (row,) = result["scored"]
    assert (row["loss"], row["observed"]) == ("code", pytest.approx(loss(2e9, 4e10) / 2, rel=0.02))
    refused = run("score", forecast, new, "--loss", "books")
    assert refused.returncode == 2
    assert "--loss is books, but the losses of the forecasts are web and code." in refused.stderr
