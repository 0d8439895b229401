"""Names of runs that occur in several files."""

from __future__ import annotations

import pytest

from tests.data.loading import load_runs

HEADER = "run,step,params,loss\n"


@pytest.fixture
def load(tmp_path):
    def load(*contents, **options):
        paths = []
        for name, content in zip("abc", contents, strict=False):
            path = tmp_path / f"{name}.csv"
            path.write_text(content)
            paths.append(path)
        return load_runs(paths, **options)

    return load


def losses(table):
    return dict(table.frame.select("run_id", "loss").iter_rows())


def codes(table):
    return [caveat.code for caveat in table.caveats]


def test_names_that_every_file_uses_for_other_runs_are_different_runs(load):
    table = load(HEADER + "0,1,1e7,5\n0,2,1e7,4\n1,1,2e7,4.5\n", HEADER + "0,1,1e7,5.1\n0,3,1e7,3\n2,1,2e7,4.4\n")
    assert losses(table) == {"a/0": 4.0, "b/0": 3.0, "1": 4.5, "2": 4.4}
    assert codes(table) == ["names-anew"]
    assert "1 run name occurs in several of 2 files" in table.caveats[0].message


def test_other_params_make_another_run_whatever_the_steps(load):
    table = load(HEADER + "0,1,1e7,5\n0,2,1e7,4\n", HEADER + "0,3,2e7,3\n0,4,2e7,2.9\n")
    assert losses(table) == {"a/0": 4.0, "b/0": 2.9}


@pytest.mark.parametrize(
    "second",
    [
        "0,3,1e7,3\n0,4,1e7,2.9\n",  # goes on
        "0,2,1e7,4.01\n0,4,1e7,2.9\n",  # goes on from a checkpoint before the crash
        "0,1,1e7,5\n0,2,1e7,4\n0,4,1e7,2.9\n",  # was copied, then went on
    ],
)
def test_a_run_that_was_resumed_in_another_file_is_one_run(load, second):
    table = load(HEADER + "0,1,1e7,5\n0,2,1e7,4\n", HEADER + second)
    assert losses(table) == {"0": 2.9}
    assert "names-anew" not in codes(table)


def test_reused_names_are_separated_for_every_choice_of_checkpoints(load):
    contents = (HEADER + "0,1,1e7,5\n0,2,1e7,4\n", HEADER + "0,1,1e7,5.1\n0,3,1e7,3\n")
    assert losses(load(*contents, checkpoints="best")) == {"a/0": 4.0, "b/0": 3.0}
    assert load(*contents, checkpoints="all").frame["run_id"].to_list() == ["a/0"] * 2 + ["b/0"] * 2
    assert losses(load(*contents, smooth="50%")).keys() == {"a/0", "b/0"}


def test_names_that_differ_by_group_or_by_condition_do_not_clash(load):
    contents = ("g," + HEADER + "x,0,1,1e7,5\n", "g," + HEADER + "y,0,1,1e7,4\n")
    by_group = load(*contents, by=["g"])
    assert by_group.frame.select("g", "run_id").rows() == [("x", "0"), ("y", "0")]
    assert by_group.caveats == ()
    assert losses(load(*contents, where="g = 'y'")) == {"0": 4.0}


@pytest.mark.parametrize(
    ("second", "are_different"),
    [
        ("0,1,1e7,5.1\n", True),  # another loss at the same first step
        ("0,1,1e7,5\n", False),
        ("0,2,1e7,5.1\n", False),
        ("0,2,2e7,4\n", True),
        ("0,2,,4\n", False),  # unknown params
        ("0,1,1e7,nan\n0,3,1e7,3\n", False),  # begins with its first loss
    ],
)
def test_a_name_stands_for_two_runs_if_params_or_the_first_loss_differ(load, second, are_different):
    table = load(HEADER + "0,1,1e7,5\n", HEADER + second)
    assert ("names-anew" in codes(table)) == are_different


def test_params_that_change_within_a_run_show_no_other_run(load):
    table = load(HEADER + "0,1,1e7,5\n0,2,2e7,4\n", HEADER + "0,3,3e7,3\n")
    assert "names-anew" not in codes(table)


def test_files_are_counted_that_share_a_name(load):
    table = load(HEADER + "0,1,1e7,5\n", HEADER + "0,1,1e7,4\n", HEADER + "0,1,1e7,3\n1,1,1e7,3\n")
    assert "1 run name occurs in several of 3 files" in table.caveats[0].message
    assert losses(table) == {"a/0": 5.0, "b/0": 4.0, "c/0": 3.0, "1": 3.0}
