"""Settings that a log writes on a row of their own, before the rows of losses."""

from __future__ import annotations

import json

import pytest

from scaling_cli.errors import DataError
from tests.data.loading import load_runs
from tests.grids import one_of_each

RUNS = [(f"r{place}", params, optimizer, lr) for place, (params, optimizer, lr) in enumerate(
    (params, optimizer, lr) for params in (1e7, 2e7) for optimizer in ("adam", "muon") for lr in (0.1, 0.3)
)]  # fmt: skip


def lines_of(*, has_names=True, has_steps=True, runs=RUNS):
    for run, params, optimizer, lr in runs:
        name = {"run": run} if has_names else {}
        yield name | {"config": {"n_params": params, "optimizer": optimizer, "lr": lr}}
        for step in (1, 2) if has_steps else (2,):
            at = {"step": step} if has_steps else {}
            yield name | at | {"tokens": 1e9 * step, "val_loss": 4 - step + lr + params / 1e8}


@pytest.fixture
def log(tmp_path):
    def written(lines, name="log.jsonl"):
        path = tmp_path / name
        path.write_text("\n".join(map(json.dumps, lines)))
        return path

    return written


CONDITIONS = [None, "\"config/optimizer\" = 'muon'", "lr < 0.2", "params > 1.5e7 and \"config/optimizer\" <> 'adam'",
              "tokens > 1.5e9", "\"config/optimizer\" = 'muon' and tokens > 1.5e9"]  # fmt: skip
KEPT = [lambda n, o, r: True, lambda n, o, r: o == "muon", lambda n, o, r: r < 0.2,
        lambda n, o, r: n > 1.5e7 and o == "muon", lambda n, o, r: True, lambda n, o, r: o == "muon"]  # fmt: skip


GROUPS = [(), ("config/optimizer",), ("config/lr",), ("config/optimizer", "config/lr")]
GRID = one_of_each(
    [(place, by, has_steps) for place in range(len(CONDITIONS)) for by in GROUPS for has_steps in (True, False)],
    name=lambda place, by, has_steps: f"{CONDITIONS[place]} by {' and '.join(by) or 'nothing'}, steps {has_steps}",
    kind=lambda place, by, has_steps: (place + len(by)) % 6,
)


@pytest.mark.parametrize(("place", "by", "has_steps"), GRID)
def test_conditions_and_groups_know_the_settings_of_a_run(log, place, by, has_steps):
    where, keeps = CONDITIONS[place], KEPT[place]
    table = load_runs([log(lines_of(has_steps=has_steps))], where=where, by=by)
    found = {run: (params, tokens, lr) for run, params, tokens, lr in
             table.frame.select("run_id", "params", "tokens", "lr").iter_rows()}  # fmt: skip
    assert found == {run: (n, 2e9, lr) for run, n, optimizer, lr in RUNS if keeps(n, optimizer, lr)}
    for name in by:
        position = 2 if name == "config/optimizer" else 3
        groups = dict(table.frame.select("run_id", name).iter_rows())
        assert groups == {run[0]: str(run[position]) for run in RUNS if run[0] in found}


def test_every_checkpoint_has_the_settings(log):
    table = load_runs([log(lines_of())], by="config/optimizer", where="tokens > 0", checkpoints="all")
    assert table.frame["params"].to_list() == [run[1] for run in RUNS if run[2] == "adam" for _ in (1, 2)] + [
        run[1] for run in RUNS if run[2] == "muon" for _ in (1, 2)
    ]


def test_the_best_of_a_sweep_is_found_by_its_settings(log):
    table = load_runs([log(lines_of())], by="config/optimizer", best_over="lr")
    assert sorted(table.frame["run_id"].to_list()) == ["r0", "r2", "r4", "r6"]


def test_a_file_of_one_run_is_its_run(log):
    paths = [log(lines_of(has_names=False, runs=[run]), f"{run[0]}.jsonl") for run in RUNS]
    table = load_runs(paths, by="config/optimizer", where='"config/lr" < 0.2')
    assert table.frame.select("run_id", "params", "config/optimizer").sort("run_id").rows() == [
        run[:3] for run in RUNS if run[3] < 0.2
    ]


def test_a_run_with_two_settings_has_none(log):
    lines = [*lines_of(), {"run": "r0", "config": {"n_params": 1e7, "optimizer": "muon", "lr": 0.1}}]
    table = load_runs([log(lines)], by="config/optimizer")
    assert "r0" not in table.frame["run_id"].to_list()
    assert table.excluded["no config/optimizer"] == 2


def test_a_cell_that_only_some_losses_have_stays_as_it_is(log):
    lines = [line | ({"phase": "x"} if line.get("step") == 2 else {}) for line in lines_of()]
    table = load_runs([log(lines)], by="phase", checkpoints="all")
    assert table.excluded["no phase"] == len(RUNS)
    assert load_runs([log(lines)], where="phase is null").frame["tokens"].to_list() == [1e9] * len(RUNS)
    with pytest.raises(DataError, match="No row satisfies"):
        load_runs([log(lines)], where="\"config/optimizer\" = 'sgd'")


def test_groups_that_settings_lack_do_not_part_a_run_from_them(log):
    lines = []
    for run, params in ("a", 1e7), ("b", 2e7), ("c", 4e7):
        lines.append({"run": run, "config": {"n_params": params, "batch": 256}})
        for step in (1, 2):
            lines += [
                {"run": run, "step": step, "eval_set": name, "loss": 4 - step + place}
                for place, name in enumerate(["c4", "wiki"])
            ]
    for where in (None, "params > 1e6"):
        table = load_runs([log(lines)], by="eval_set", tokens="step * config_batch * 1000", where=where)
        assert table.frame.select("eval_set", "run_id", "params", "tokens").rows() == [
            (name, run, params, 512_000)
            for name in ("c4", "wiki")
            for run, params in (("a", 1e7), ("b", 2e7), ("c", 4e7))
        ]


def test_runs_of_equal_names_in_several_files_have_their_own_settings(log):
    paths = []
    for optimizer in ("adam", "muon"):
        lines = [line | ({"config": line["config"] | {"optimizer": optimizer}} if "config" in line else {})
                 for line in lines_of(runs=RUNS[:1])]  # fmt: skip
        paths.append(log(lines, f"{optimizer}.jsonl"))
    table = load_runs(paths, by="config/optimizer")
    assert table.frame["config/optimizer"].to_list() == ["adam", "muon"]
    assert table.frame["params"].to_list() == [1e7, 1e7]
