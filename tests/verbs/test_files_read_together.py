"""Files that are read together give the bytes that each gives by itself: results, caveats and errors."""

from __future__ import annotations

import gzip
import json

import numpy as np
import polars as pl
import pytest

from scaling_cli.data.files.each import open_each
from scaling_cli.data.runs.load import load_runs
from scaling_cli.document.write import to_json_lines
from scaling_cli.errors import DataError, ScalingError
from scaling_cli.options.extrapolate import Extrapolate
from scaling_cli.options.fit import Fit
from scaling_cli.record import replace
from scaling_cli.verbs.common import FILE
from scaling_cli.verbs.extrapolate import extrapolate, extrapolate_each
from scaling_cli.verbs.fit import fit, fit_each

POINTS = 12


def runs(seed):
    """Params, tokens and losses of runs, as a mapping of columns."""
    random = np.random.default_rng(seed)
    params = 10 ** random.uniform(7, 10, POINTS)
    tokens = params * 10 ** random.uniform(0.5, 2.5, POINTS)
    loss = (1.8 + 480 / params**0.34 + 2000 / tokens**0.37) * np.exp(random.normal(0, 0.01, POINTS))
    return {"params": params, "tokens": tokens, "loss": loss}


def curve(seed):
    """Compute and losses of runs."""
    table = runs(seed)
    return {"compute": 6 * table["params"] * table["tokens"], "loss": table["loss"]}


def steps(seed):
    """Five steps of each of four runs of different sizes."""
    random = np.random.default_rng(seed)
    sizes = np.repeat([1e7, 3e7, 1e8, 3e8], 5)
    step = np.tile(np.arange(1, 6) * 1000, 4)
    loss = 1.8 + 480 / sizes**0.34 + 30 / step**0.5 + random.normal(0, 0.005, 20)
    return {"run": [f"r{size:.0e}" for size in sizes], "params": sizes, "step": step, "loss": loss}


def csv(table, separator=",", end="\n"):
    """The table as text; a cell that is a float has eight digits."""
    cells = [[cell if isinstance(cell, str) else f"{cell:.8g}" for cell in column] for column in table.values()]
    return end.join(separator.join(row) for row in (list(table), *zip(*cells, strict=True))) + end


def with_cells(table, column, *cells):
    """The table with these cells at the top of a column, as text."""
    rest = [cell if isinstance(cell, str) else f"{cell:.8g}" for cell in table[column]]
    return {**table, column: [*cells, *rest[len(cells) :]]}


def renamed(table, **names):
    """The table with other names of columns."""
    return {names.get(name, name): column for name, column in table.items()}


def json_lines(table, drop=()):
    """The table as JSON lines; rows in `drop` lack their first key."""
    rows = [dict(zip(table, map(float, row), strict=True)) for row in zip(*table.values(), strict=True)]
    return "".join(json.dumps(dict(list(row.items())[place in drop :])) + "\n" for place, row in enumerate(rows))


def kinds(seed):
    """Files of many kinds by name; those of another seed have the same columns, so the two can be read together."""
    plain, along = runs(seed), curve(seed)
    losses = along["loss"]
    units = {"n_params (M)": plain["params"] / 1e6, "tokens (B)": plain["tokens"] / 1e9, "val_loss": plain["loss"]}
    return {
        "plain.csv": csv(along),
        "surface.csv": csv(plain),
        "named.csv": csv({"run": [f"run{i}" for i in range(POINTS)], **plain}),
        "both.csv": csv({**plain, "compute": 6 * plain["params"] * plain["tokens"]}),
        "far.csv": csv({**plain, "compute": (9 + seed) * plain["params"] * plain["tokens"]}),
        "units.csv": csv(units),
        "words.csv": csv(with_cells(plain, "params", "70M", "1.4B", "1e8", " 3e8 ")),
        "missing.csv": csv(with_cells(plain, "params", "", "n/a")),
        "unreadable.csv": csv(with_cells(plain, "tokens", "many", "?", "10B!")),
        "infinite.csv": csv(with_cells(along, "loss", "nan", "inf", "-1", "0")),
        "huge.csv": csv(with_cells(along, "compute", "1e300", "1e-300")),
        "slip.csv": csv(with_cells(along, "compute", f"{along['compute'].max() * 1000:.6g}")),
        "tiny.csv": csv({"compute": along["compute"] / 1e18, "loss": losses}),
        "grows.csv": csv({"compute": along["compute"], "loss": losses.max() + 1 - losses}),
        "accuracy.csv": csv({"compute": along["compute"], "accuracy": 1 / losses}),
        "outcomes.csv": csv({"compute": along["compute"], "loss": (losses > np.median(losses)).astype(float)}),
        "perplexity.csv": csv({"compute": along["compute"], "perplexity": np.exp(losses)}),
        "training.csv": csv({"compute": along["compute"], "train_loss": losses}),
        "copies.csv": csv(along) + "".join(csv(along).splitlines(keepends=True)[1:4]),
        "constant.csv": csv({**along, "compute": np.full(POINTS, 1e20)}),
        "one.csv": "".join(csv(along).splitlines(keepends=True)[:2]),
        "header.csv": "compute,loss\n",
        "empty.csv": "",
        "no-loss.csv": csv(renamed(along, loss="speed")),
        "ragged.csv": csv(along) + "1,2,3\n",
        "short.csv": csv(along) + "1e20\n",
        "blank.csv": csv(along).replace("\n", "\n\n", 3),
        "bytes.csv": csv(along).encode() + b"1e20,\xff\xfe\n",
        "quoted.csv": csv(with_cells(along, "compute", '"1e20"', '"2,5e20"')),
        "open-quote.csv": csv(along) + '"1e20,3\n',
        "mark.csv": b"\xef\xbb\xbf" + csv(along).encode(),
        "no-end.csv": csv(along).rstrip("\n"),
        "ends.csv": csv(along, end="\r\n"),
        "padded.csv": csv(along, separator=" , "),
        "tabs.tsv": csv(along, separator="\t"),
        "decimals.csv": csv({"compute": along["compute"], "loss": losses}, separator=";").replace(".", ","),
        "packed.csv.gz": gzip.compress(csv(along).encode(), mtime=0),
        "lines.jsonl": json_lines(along),
        "lacking.jsonl": json_lines(plain, drop=(1, 4)),
        "cut.jsonl": json_lines(along)[:-9],
        "curves.csv": csv(steps(seed)),
        "splits.csv": csv({**{k: np.repeat(v, 2) for k, v in plain.items()}, "split": ["train", "val"] * POINTS}),
        "seeds.csv": csv({**plain, "seed": np.arange(POINTS) % 3, "lr": 10.0 ** -(np.arange(POINTS) % 4)}),
        "groups.csv": csv({**plain, "data": ["web", "code"] * (POINTS // 2)}),
        "dataset.csv": csv({**along, "loss": losses + np.arange(POINTS) % 2, "dataset": ["a", "b"] * (POINTS // 2)}),
        "state.csv": csv({**plain, "state": ["crashed", *["finished"] * (POINTS - 1)]}),
        "epochs.csv": csv({**plain, "unique_tokens": plain["tokens"] / 8}),
        "evaluations.csv": csv({**steps(seed), "eval_seed": np.arange(20) % 2}),
        "revisions.csv": csv({"model": ["a"] * 6 + ["b"] * 6, "revision": [f"step{i}000" for i in range(12)], **plain}),
    }


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two files of every kind."""
    place = tmp_path_factory.mktemp("logs")
    for seed in range(2):
        for name, content in kinds(seed).items():
            (place / f"{seed}-{name}").write_bytes(content if isinstance(content, bytes) else content.encode())
    (place / "data=web").mkdir()
    for name in ("plain.csv", "surface.csv"):
        (place / "data=web" / name).write_text(kinds(9)[name])
    return place


@pytest.fixture(scope="module")
def names(folder):
    """The files of the folder, and one that is not there."""
    return [*sorted(str(path) for path in folder.rglob("*.*")), str(folder / "no such file.csv")]


ASKED = {
    "plain": Fit(interval="none"),
    "condition": Fit(interval="none", where="loss > 2"),
    "groups": Fit(interval="none", by=("data",)),
    "every row": Fit(interval="none", checkpoints="all"),
    "best": Fit(interval="none", checkpoints="best"),
    "linear": Fit(interval="none", space="linear", law="power-constant", x="tokens"),
}
FAST = ("plain",)
EACH = pytest.mark.parametrize(
    "asked",
    [
        pytest.param(asked, id=name, marks=[] if name in FAST else [pytest.mark.thorough])
        for name, asked in ASKED.items()
    ],
)


def table_of(runs, asked):
    """All that a table says, or the error."""
    try:
        table = load_runs(runs, asked, positive_loss=asked.space == "log")
    except ScalingError as error:
        return repr(error), error.message, error.hint
    frames = (table.frame.to_dict(as_series=False), table.aside.to_dict(as_series=False), table.frame.schema)
    return repr(replace(table, frame=pl.DataFrame(), aside=pl.DataFrame())), *map(repr, frames)


@EACH
def test_files_read_together_give_the_tables_that_each_gives_alone(names, asked):
    for name, inputs in zip(names, open_each(names), strict=True):
        assert table_of(inputs, asked) == table_of([name], asked), name


@pytest.mark.thorough
@EACH
def test_files_read_together_give_the_reports_that_each_gives_alone(names, asked):
    for name, report in zip(names, fit_each(names, asked), strict=True):
        assert list(to_json_lines(report)) == list(to_json_lines(fit([name], asked, label={FILE: name}))), name


QUESTION = {"at": ("compute=1e24",), "replicates": 20, "backtest": True}
AHEAD = Extrapolate(**QUESTION)
FEW = ("0-plain.csv", "1-plain.csv", "0-empty.csv", "0-surface.csv")
BY_ONE_LAW = Extrapolate(**QUESTION, law="power-constant")  # forecasts by all laws take ten times as long


def close(found, expected):
    """Whether two documents say the same, with numbers that agree as far as fits at rolling origins are precise."""
    if isinstance(expected, dict):
        return list(found) == list(expected) and all(close(found[name], expected[name]) for name in expected)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(close, found, expected))
    if isinstance(expected, float):
        return found == pytest.approx(expected, rel=2e-3, abs=1e-6)
    return found == expected


@pytest.mark.parametrize(
    ("chosen", "asked"),
    [
        pytest.param(FEW, BY_ONE_LAW, id="a few by one law"),
        pytest.param(FEW, AHEAD, id="a few", marks=pytest.mark.thorough),
        pytest.param((), AHEAD, id="all", marks=pytest.mark.thorough),
    ],
)
def test_forecasts_of_many_files_are_those_of_each_alone(names, chosen, asked):
    chosen = [name for name in names if not chosen or name.rpartition("/")[2] in chosen]
    for name, report in zip(chosen, extrapolate_each(chosen, asked), strict=True):
        (found,), (expected,) = (
            list(to_json_lines(each)) for each in (report, extrapolate([name], asked, label={FILE: name}))
        )
        assert close(json.loads(found), json.loads(expected)), name


def test_files_that_can_be_read_are_read_together_whatever_is_among_them(names):
    opened = dict(zip(names, open_each(names), strict=True))
    held = {name.rpartition("/")[2] for name, inputs in opened.items() if getattr(inputs, "held", None) is not None}
    assert {"0-plain.csv", "1-plain.csv", "0-surface.csv", "0-lines.jsonl", "1-units.csv", "0-tabs.tsv"} <= held
    assert not {"0-packed.csv.gz", "0-empty.csv", "0-ragged.csv"} & held


def test_a_file_that_changes_after_it_was_opened_fails_by_itself(folder, tmp_path):
    names = []
    for seed in range(3):
        names.append(str(tmp_path / f"{seed}.csv"))
        (tmp_path / f"{seed}.csv").write_text(kinds(seed)["plain.csv"])
    opened = open_each(names)
    (tmp_path / "1.csv").write_text(kinds(1)["surface.csv"])
    with pytest.raises(DataError, match="changed while it was read"):
        load_runs(opened[1], Fit())
    assert load_runs(opened[2], Fit()).total == POINTS
