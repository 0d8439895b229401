import pytest

from scaling_cli.data.runs.aliases import is_training_loss
from scaling_cli.data.runs.columns import Chosen, choose_columns
from scaling_cli.errors import UsageError


def columns_of(names, mapping=None):
    return {role: chosen.column for role, chosen in choose_columns(names, mapping or {}).items()}


def test_names_are_compared_without_case_or_punctuation():
    names = ["Run Name", "_step", "Num-Params", "tokens.seen", "Eval/Loss"]
    assert columns_of(names) == {
        "run_id": "Run Name",
        "step": "_step",
        "params": "Num-Params",
        "tokens": "tokens.seen",
        "loss": "Eval/Loss",
    }


@pytest.mark.parametrize(
    "name", ["tflops", "tokens_per_second", "flops_per_step", "perplexity", "val_ppl", "bpb", "loss_bpb"]
)
def test_rates_perplexity_and_bits_per_byte_have_no_role(name):
    assert columns_of([name]) == {}


@pytest.mark.parametrize(
    ("name", "role", "scale"),
    [
        ("compute_pf_days", "compute", 8.64e19),
        ("Compute (PF-days)", "compute", 8.64e19),
        ("Gflops", "compute", 1e9),
        ("teraflops", "compute", 1e12),
        ("total_petaflops", "compute", 1e15),
        ("flops", "compute", 1.0),
        ("params_m", "params", 1e6),
        ("size_m", "params", 1e6),
        ("Params (B)", "params", 1e9),
        ("tokens_b", "tokens", 1e9),
        ("tokens_trillions", "tokens", 1e12),
    ],
)
def test_units_in_names_become_a_factor(name, role, scale):
    assert choose_columns([name], {}) == {role: Chosen(name, scale)}


def test_units_count_for_mapped_columns_too():
    assert choose_columns(["my_pf_days"], {"compute": "my_pf_days"})["compute"].scale == 8.64e19


def test_evaluation_loss_comes_before_training_loss():
    assert columns_of(["train_loss", "loss", "eval_loss"]) == {"loss": "eval_loss"}
    assert columns_of(["train_loss", "loss"]) == {"loss": "loss"}
    assert columns_of(["train_loss"]) == {"loss": "train_loss"}


def test_the_canonical_name_comes_before_an_alias():
    assert columns_of(["flops", "compute", "params_total", "params", "tokens_b", "tokens"]) == {
        "params": "params",
        "tokens": "tokens",
        "compute": "compute",
    }


def test_a_tie_is_refused_with_both_names_and_the_mapping_to_write():
    with pytest.raises(UsageError) as caught:
        columns_of(["eval_loss", "val/loss", "params"])
    assert "'eval_loss' and 'val/loss'" in caught.value.message
    assert "--map loss=eval_loss or --map loss=val/loss" in caught.value.hint


def test_embedding_and_non_embedding_params_tie():
    with pytest.raises(UsageError, match="params_total"):
        columns_of(["params_total", "non_embedding_params"])


def test_a_tie_between_columns_few_laws_read_leaves_the_role_out():
    assert columns_of(["loss", "learning_rate", "train/lr"]) == {"loss": "loss"}


def test_a_mapping_settles_a_tie_and_none_leaves_the_role_out():
    names = ["eval_loss", "val_loss", "flops"]
    assert columns_of(names, {"loss": "val_loss", "compute": "none"}) == {"loss": "val_loss"}


def test_an_unknown_column_in_a_mapping_gets_a_suggestion():
    with pytest.raises(UsageError) as caught:
        columns_of(["eval/loss", "params"], {"loss": "eval_los"})
    assert "Did you mean 'eval/loss'?" in caught.value.hint


@pytest.mark.parametrize(("role", "amount"), [("params", "7B"), ("tokens", "140e9"), ("compute", "1e24")])
def test_an_amount_in_place_of_a_column_is_told_where_it_belongs(role, amount):
    with pytest.raises(UsageError) as caught:
        columns_of(["loss", "params"], {role: amount})
    assert caught.value.message == f"--{role} names a column, and no column is called {amount!r}."
    assert f"--at {role}={amount}" in caught.value.hint
    assert columns_of(["loss", amount], {role: amount})[role] == amount
    with pytest.raises(UsageError, match="Unknown column '7B'"):
        columns_of(["loss"], {"lr": "7B"})


def test_an_unknown_role_in_a_mapping_gets_a_suggestion():
    with pytest.raises(UsageError) as caught:
        columns_of(["loss"], {"parms": "loss"})
    assert "Did you mean 'params'?" in caught.value.hint


@pytest.mark.parametrize(
    ("name", "role", "scale"),
    [
        ("config.n_params", "params", 1.0),
        ("config/params_m", "params", 1e6),
        ("config.train_tokens", "tokens", 1.0),
        ("summary.eval/loss", "loss", 1.0),
        ("summary/_step", "step", 1.0),
        ("metrics.val_loss", "loss", 1.0),
        ("val loss (nats)", "loss", 1.0),
        ("summary.eval/loss (nats/token)", "loss", 1.0),
    ],
)
def test_names_that_trackers_nest_and_losses_in_nats_are_recognised(name, role, scale):
    assert choose_columns([name], {}) == {role: Chosen(name, scale)}


def test_a_plain_name_comes_before_a_nested_one():
    assert choose_columns(["config.params", "params", "summary.loss", "loss"], {}) == {
        "params": Chosen("params"),
        "loss": Chosen("loss"),
    }


@pytest.mark.parametrize(
    "name", ["config", "summary", "metrics.perplexity", "val loss (bits)", "config.tflops", "nats"]
)
def test_a_prefix_or_a_unit_alone_has_no_role(name):
    assert choose_columns([name], {}) == {}


def test_a_nested_training_loss_is_recognised():
    assert is_training_loss("summary.train/loss")
    assert not is_training_loss("summary.eval/loss")


def test_one_column_is_not_two_measures():
    with pytest.raises(UsageError, match="'tokens' would be read as both params and tokens"):
        choose_columns(["tokens", "loss"], {"params": "tokens"})
    chosen = choose_columns(["tokens", "loss"], {"params": "tokens", "tokens": "none", "step": "tokens"})
    assert chosen["params"].column == chosen["step"].column == "tokens"


def test_a_name_that_begins_like_an_object_is_not_split():
    assert "run_id" not in choose_columns(["config_id", "params", "tokens", "loss"], {})
    assert choose_columns(["config.params", "summary/loss"], {})["params"].column == "config.params"


@pytest.mark.parametrize(
    ("names", "read"),
    [
        (("N", "D", "L"), {"params": "N", "tokens": "D", "loss": "L"}),
        (("C", "L"), {"compute": "C", "loss": "L"}),
        (("N (M)", "D (B)", "loss"), {"params": "N (M)", "tokens": "D (B)", "loss": "loss"}),
        (("N", "params", "D", "loss"), {"params": "params", "tokens": "D", "loss": "loss"}),
        (("N", "loss"), {"loss": "loss"}),
        (("model.n_params", "run/tokens", "nll"), {"params": "model.n_params", "tokens": "run/tokens", "loss": "nll"}),
        (("#params", "D_tokens", "loss"), {"params": "#params", "tokens": "D_tokens", "loss": "loss"}),
        (("trainable_params", "optim.lr", "loss"), {"params": "trainable_params", "lr": "optim.lr", "loss": "loss"}),
        (("eval/tokens", "teacher.params", "loss"), {"loss": "loss"}),
        (("train/loss", "eval/c4_loss"), {"loss": "eval/c4_loss"}),
        (("train/loss", "eval/lm/c4_en-validation/CE loss"), {"loss": "eval/lm/c4_en-validation/CE loss"}),
        (("train/loss", "eval/aux_loss", "eval/c4_loss_ppl"), {"loss": "train/loss"}),
        (("loss", "eval/c4_loss"), {"loss": "loss"}),
        (("val_loss", "eval/c4_loss"), {"loss": "val_loss"}),
        (("config/n_params/value", "summary/loss"), {"params": "config/n_params/value", "loss": "summary/loss"}),
        (("val/loss/min", "val/loss/last"), {"loss": "val/loss/last"}),
        (("val/loss", "val/loss/last"), {"loss": "val/loss"}),
        (("value", "loss"), {"loss": "loss"}),
        (("loss", "eval_c4_loss"), {"loss": "loss"}),
        (("train_loss", "eval_c4_loss"), {"loss": "eval_c4_loss"}),
        (("loss", "ce_loss", "z_loss"), {"loss": "ce_loss"}),
        (("loss", "lm_loss", "load_balancing_loss"), {"loss": "lm_loss"}),
        (("loss", "z_loss"), {"loss": "loss"}),
        (("loss", "ce_loss"), {"loss": "loss"}),
        (("loss", "ce_loss", "loss_scale"), {"loss": "loss"}),
        (("val_loss", "loss", "ce_loss", "aux_loss"), {"loss": "val_loss"}),
    ],
)  # fmt: skip
def test_names_of_papers_and_trackers_are_read(names, read):
    assert {role: chosen.column for role, chosen in choose_columns(names, {}).items()} == read


def test_letters_with_a_unit_in_parentheses_are_scaled():
    chosen = choose_columns(("N (M)", "D (B)", "loss"), {})
    assert (chosen["params"].scale, chosen["tokens"].scale) == (1e6, 1e9)
    assert choose_columns(("model.params_m", "loss"), {})["params"].scale == 1e6


def test_several_evaluation_sets_are_all_named():
    names = ("train/loss", "eval/c4_loss", "eval/wiki_loss", "eval/pile_loss")
    with pytest.raises(
        UsageError, match="'eval/c4_loss', 'eval/wiki_loss' and 'eval/pile_loss' could all be loss"
    ) as caught:
        choose_columns(names, {})
    assert "--map loss=eval/pile_loss" in caught.value.hint
