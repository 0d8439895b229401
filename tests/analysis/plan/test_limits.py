"""The runs that the limits allow, usual designs, and what they cost."""

from __future__ import annotations

import numpy as np
import pytest

from scaling_cli.analysis.plan.limits import Bounds, Candidates, candidates, compute_bounds, parse_sizes
from scaling_cli.analysis.plan.usual import spread, usual_designs
from scaling_cli.errors import DataError, UsageError


def test_a_surface_has_a_grid_of_compute_and_tokens_per_param():
    found = candidates(Bounds((1e18, 1e20), (5.0, 80.0)), is_surface=True, levels=(3, 3))
    assert found.compute == pytest.approx(np.repeat([1e18, 1e19, 1e20], 3))
    assert found.tokens / found.params == pytest.approx(np.tile([5.0, 20.0, 80.0], 3))
    assert list(found.columns) == ["params", "tokens", "compute"]


@pytest.mark.parametrize(("ratio", "expected"), [((5.0, 80.0), 20.0), ((30.0, 80.0), 30.0), ((5.0, 10.0), 10.0)])
def test_a_law_of_one_input_has_runs_at_20_tokens_per_param_or_near(ratio, expected):
    found = candidates(Bounds((1e18, 1e20), ratio), is_surface=False, levels=(3, 3))
    assert found.tokens / found.params == pytest.approx(np.full(3, expected))


def test_one_budget_has_one_level():
    assert len(candidates(Bounds((1e18, 1e18)), is_surface=False).params) == 1
    assert len(candidates(Bounds((1e18, 1.0009e18)), is_surface=False).params) == 1
    assert len(candidates(Bounds((1e18, 1.002e18)), is_surface=False).params) == 15


def test_given_sizes_are_run_where_tokens_per_param_allow_them():
    found = candidates(Bounds((6e18, 6e20), (10.0, 1000.0), (1e8, 1e9)), is_surface=True, levels=(3, 9))
    # Tokens per param of 1e8 params are 100, 1e3 and 1e4, and those of 1e9 are 1, 10 and 100.
    assert sorted(zip(found.params.tolist(), (found.tokens / found.params).round(6).tolist(), strict=True)) == [
        (1e8, 100.0), (1e8, 1000.0), (1e9, 10.0), (1e9, 100.0),
    ]  # fmt: skip


def test_unique_tokens_are_the_most_that_a_run_sees():
    found = candidates(Bounds((6e18, 6e20), (10.0, 1000.0), (1e8, 1e9), 1e10), is_surface=True, levels=(3, 9))
    assert sorted(found.tokens.tolist()) == pytest.approx([1e10, 1e10])


def test_limits_that_leave_no_run_say_which_params_would_do():
    with pytest.raises(UsageError, match="No run of 6e18 to 6e20 FLOPs") as refused:
        candidates(Bounds((6e18, 6e20), (1.0, 100.0), (1e3,)), is_surface=True)
    # sqrt(6e18 / 6 / 100) to sqrt(6e20 / 6 / 1)
    assert "have 100M to 10B params" in refused.value.hint


@pytest.mark.parametrize(
    ("asked", "bounds"),
    [
        ((1e21, None, None, None), (1e18, 5e20)),
        ((1e19, None, None, None), (1e17, 5e18)),
        ((1e21, 1e19, None, None), (1e19, 5e20)),
        ((1e21, None, 1e20, None), (1e18, 1e20)),
        ((1e21, None, 1e17, None), (1e17, 1e17)),
        ((1e21, 1e19, 1e19, None), (1e19, 1e19)),
        ((1e21, None, None, np.array([3e18, 2e18])), (2e18, 5e20)),
        ((1e21, None, 1e18, np.array([3e18, 2e18])), (1e18, 1e18)),
        ((1e18, 9e17, None, None), (9e17, 9e17)),
    ],
)
def test_runs_reach_from_a_thousandth_to_half_of_the_budget_unless_asked(asked, bounds):
    assert compute_bounds(*asked) == pytest.approx(bounds)


def test_a_smallest_run_above_the_largest_is_refused():
    with pytest.raises(UsageError, match="smallest run, 2e19 FLOPs, is above the largest, 1e19"):
        compute_bounds(1e21, 2e19, 1e19, None)


def test_sizes_come_from_words_and_files(tmp_path):
    path = tmp_path / "sizes.txt"
    path.write_text("150M\n60M\n60M\n")
    assert parse_sizes(["60M,150M"]) == parse_sizes([str(path)]) == (6e7, 1.5e8)
    assert parse_sizes(["1B", str(path)]) == (6e7, 1.5e8, 1e9)
    for text in ("0", ",", "-1M,2M"):
        with pytest.raises(UsageError, match="no size above 0"):
            parse_sizes([text])
    with pytest.raises(UsageError, match="--sizes: 'big' is not a number"):
        parse_sizes(["60M,big"])


def test_budgets_are_even_in_logs_and_add_up():
    found = spread(4, 1e20, 1e18)
    assert found[0] == pytest.approx(1e18)
    assert found.sum() == pytest.approx(1e20)
    assert np.diff(np.log(found)) == pytest.approx(np.log(found[1] / found[0]))
    assert spread(1, 1e18, 1e18).tolist() == [1e18]
    assert spread(4, 2e18, 1e18).tolist() == [5e17] * 4
    assert spread(4, 4e18, 1e18).tolist() == [1e18] * 4


def test_usual_designs_are_two_grids_and_a_ladder_of_equal_cost():
    found = usual_designs(21, 1e21, 1e18, is_surface=True)
    assert list(found) == [
        "IsoFLOP grid of +-0.75 decades", "IsoFLOP grid of +-1.2 decades", "ladder at 20 tokens per param",
    ]  # fmt: skip
    for design in found.values():
        assert len(design.params) == 21
        assert design.compute.sum() == pytest.approx(1e21)
        assert design.compute.min() == pytest.approx(1e18)
    wide = found["IsoFLOP grid of +-1.2 decades"]
    sizes = wide.params[:7]
    assert wide.compute[:7] == pytest.approx(np.full(7, 1e18))
    assert np.log10(sizes / np.sqrt(1e18 / 120)) == pytest.approx(np.linspace(-1.2, 1.2, 7))
    ladder = found["ladder at 20 tokens per param"]
    assert ladder.tokens / ladder.params == pytest.approx(np.full(21, 20.0))


@pytest.mark.parametrize(("runs", "budgets", "sizes"), [(42, 6, 7), (10, 2, 5), (4, 2, 2), (3, 2, 2), (25, 4, 6)])
def test_grids_have_about_seven_sizes_and_at_least_two_budgets(runs, budgets, sizes):
    design = next(iter(usual_designs(runs, 1e21, 1e17, is_surface=True).values()))
    assert (len(np.unique(design.compute.round(-9))), len(design.params)) == (budgets, budgets * sizes)


def test_a_law_of_one_input_has_a_ladder_alone():
    assert list(usual_designs(10, 1e21, 1e18, is_surface=False)) == ["ladder at 20 tokens per param"]


def test_compute_counts_six_flops_a_param_and_token():
    assert Candidates(np.array([2.0]), np.array([5.0])).compute.tolist() == [60.0]


@pytest.mark.parametrize(("compute", "has_grids"), [(3.9e18, False), (4e18, True)])
def test_no_grid_has_runs_below_the_smallest(compute, has_grids):
    found = usual_designs(3, compute, 1e18, is_surface=True)
    assert len(found) == (3 if has_grids else 1)
    for name, design in found.items():
        if "grid" in name:
            assert design.compute.min() >= 1e18 * (1 - 1e-9)


@pytest.mark.parametrize("text", ["params\n60M\n150M\n", "60M,150M", "# ours\n60M  # small\n\n150M", "150M 60M\r\n"])
def test_a_file_of_sizes_may_have_a_header_and_comments(tmp_path, text):
    path = tmp_path / "sizes.txt"
    path.write_text(text)
    assert parse_sizes([str(path)]) == (6e7, 1.5e8)


def test_a_wrong_size_is_named_with_its_line(tmp_path):
    path = tmp_path / "sizes.csv"
    path.write_text("name,params\na,60M\n")
    with pytest.raises(UsageError, match=r"sizes\.csv, line 1: 'name' is not a number"):
        parse_sizes([str(path)])
    with pytest.raises(UsageError, match=r"--sizes: 'none\.txt' is not a number") as caught:
        parse_sizes(["none.txt"])
    assert caught.value.hint.endswith("Or give a file with one size on each line.")
    path.write_bytes(b"\xff")
    with pytest.raises(DataError, match=r"sizes\.csv cannot be read"):
        parse_sizes([str(path)])
