"""What names of columns stand for, and which of two names is better."""

from __future__ import annotations

import pytest

from scaling_cli.data.runs.aliases import (
    is_loss,
    is_training_loss,
    letter_role,
    may_be_evaluation,
    role_of,
    roles_of,
    scale_of,
)


@pytest.mark.parametrize(
    "better_to_worse",
    [
        ("tokens", "config.tokens", "tokens_b"),
        ("step", "_step"),
        ("eval_loss", "test_loss", "loss", "final_loss", "eval/c4_loss", "train_loss"),
        ("params", "model.n_params"),
        ("val_loss", "val_loss (nats)", "summary.val_loss (nats)"),
        ("metrics/val/loss", "metrics/val/loss (last)", "metrics/train/loss (last)"),
        ("run_id", "experiment_key"),
        ("val_loss_epoch", "val_loss_step", "train_loss_step"),
        ("sys/name", "sys/id"),
        ("global_step", "current_steps"),
    ],
)
def test_names_of_one_role_are_ranked(better_to_worse):
    places = [role_of(name) for name in better_to_worse]
    assert len({role for role, _ in places}) == 1
    tiers = [tier for _, tier in places]
    assert tiers == sorted(set(tiers))


@pytest.mark.parametrize(
    "name",
    ["loss", "lm_loss", "nll", "nll_loss", "ce", "ce_loss", "cross_entropy", "cross_entropy_loss", "crossentropyloss"],
)
def test_a_loss_has_many_names_also_of_a_split(name):
    for column in (name, f"val_{name}", f"{name}_val", f"test_{name}", f"train_{name}"):
        assert role_of(column)[0] == "loss"
        assert is_training_loss(column) == column.startswith("train")


@pytest.mark.parametrize(
    "name",
    [
        "teacher.params",
        "eval/tokens",
        "tokens/second",
        "loss_b",
        "run_id_m",
        "model.loss_scale",
        "eval/z_loss",
        "val/loss (min)",
    ],
)
def test_names_of_other_things_have_no_role(name):
    assert role_of(name) is None


@pytest.mark.parametrize(
    ("name", "is_evaluation"),
    [
        ("eval/c4_loss", True),
        ("val.pile.loss", True),
        ("eval/loss_c4", True),
        ("eval/lm/c4/nll", True),
        ("eval/c4", False),
        ("eval/c4_aux_loss", False),
        ("eval/c4_bpb", False),
        ("other/c4_loss", False),
        ("eval_c4_loss", True),
        ("val_pile_nll", True),
        ("val_best_loss", False),
        ("eval_c4_aux_loss", False),
        ("eval_loss_scale_loss", False),
        ("c4_loss", False),
    ],
)
def test_a_loss_on_one_evaluation_set_is_a_loss(name, is_evaluation):
    assert is_loss(name) == is_evaluation


@pytest.mark.parametrize(
    ("name", "role"),
    [("N", "params"), ("N (M)", "params"), ("C", "compute"), ("L", "loss"), ("L (M)", None), ("x", None)],
)
def test_letters_of_papers(name, role):
    assert letter_role(name) == role


def test_the_loss_that_nemo_reduces_over_ranks_is_of_training_data():
    assert is_training_loss("reduced_train_loss")


def test_letters_count_from_two_on():
    assert roles_of(["N", "loss"]) == {"loss": role_of("loss")}
    assert {name: role for name, (role, _) in roles_of(["N", "D"]).items()} == {"N": "params", "D": "tokens"}
    # Two columns of one letter are not two letters.
    assert roles_of(["N", "N (M)"]) == {}
    assert roles_of(["N", "D", "params"])["params"] < roles_of(["N", "D", "params"])["N"]


@pytest.mark.parametrize(
    ("role", "column", "scale"),
    [
        ("tokens", "tokens", 1.0),
        ("tokens", "tokens_b", 1e9),
        ("tokens", "config.tokens_b", 1e9),
        ("tokens", "data.tokens_b", 1e9),
        ("params", "tokens_b", 1.0),  # a mapped column of another name keeps its numbers
        ("params", "N (M)", 1e6),
        ("loss", "L (M)", 1.0),
        ("compute", "pf_days", 8.64e19),
        ("gpu_hours", "gpu_hours", 1.0),
        ("gpu_hours", "gpu_days", 24.0),
        ("gpu_hours", "gpu_minutes", 1 / 60),
        ("gpu_hours", "total_gpu_seconds", 1 / 3600),
        ("seconds", "train_hours", 3600.0),
        ("seconds", "runtime", 1.0),
    ],
)
def test_the_unit_in_a_name_is_a_factor(role, column, scale):
    assert scale_of(role, column) == pytest.approx(scale, rel=1e-12)


@pytest.mark.parametrize(
    ("name", "is_training", "may_evaluate"),
    [
        ("train_loss", True, False),
        ("summary.train/loss", True, False),
        ("c4_nll", False, True),
        ("wiki perplexity", False, True),
        ("kl_loss", False, False),
        ("loss_scale", False, False),
        ("width", False, False),
    ],
)
def test_training_losses_and_what_may_be_evaluations(name, is_training, may_evaluate):
    assert is_training_loss(name) == is_training
    assert may_be_evaluation(name) == may_evaluate
