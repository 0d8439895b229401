"""The names that columns have for each role in the logs of various programs.

Names are compared in the form that `names.normalise` gives, with and without the object in which experiment trackers
nest them, as in `config.n_params` and `summary/eval/loss`. The aliases of a role are listed in tiers, the best first.
Rates (`tflops`, tokens per second), perplexity and bits per byte are not aliases, so only a mapping can choose them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scaling_cli.data.names import normalise
from scaling_cli.numbers.units import COMPUTE_SUFFIXES, COMPUTE_WORDS, compute_unit, metric_unit, split_count_unit

# A row with an unusable value in one of these is left out, and so is a row without a loss. A row that lacks one of the
# others is left out only if the law needs that one; which law it is depends on what most rows have.
MEASURES = ("loss", "params", "tokens", "compute")
EXTRAS = ("unique_tokens", "epochs", "lr", "experts", "batch_size", "granularity", "bits", "streams")
ROLES = ("run_id", "step", "params", "tokens", "compute", "loss", *EXTRAS)
COUNTS = ("params", "tokens", "unique_tokens")  # roles whose columns may carry a unit such as _m or _b

_EVALUATIONS = ("eval", "evaluation", "val", "valid", "validation", "dev", "heldout")
_LOSSES = (
    "loss",
    "lm_loss",
    "nll",
    "nll_loss",
    "ce",
    "ce_loss",
    "cross_entropy",
    "cross_entropy_loss",
    "crossentropyloss",
)


def _losses_of(splits: Sequence[str]) -> tuple[str, ...]:
    """The names of the loss on a split: with the split first or last, as in `val_loss` and `loss_val`."""
    return tuple(name for split in splits for loss in _LOSSES for name in (f"{split}_{loss}", f"{loss}_{split}"))


_COMPUTE_STEMS = (
    "compute",
    "total",
    "train",
    "training",
    "total_compute",
    "train_compute",
    "training_compute",
)

ALIASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "run_id": (
        ("run_id",),
        (
            "run",
            "run_name",
            "runid",
            "run_key",
            "experiment_id",
            "exp_id",
            "experiment_name",
            "wandb_run_id",
            "trial_id",
        ),
        ("name",),
        ("id",),
    ),
    "step": (
        ("step",),
        ("steps", "global_step", "train_step", "training_step", "trainer_global_step", "train_global_step"),
        ("iteration", "iterations", "iter", "iters", "train_iteration", "update", "updates", "num_updates"),
    ),
    "params": (
        ("params",),
        (
            *("param", "parameters", "num_params", "n_params", "nparams", "num_parameters", "n_parameters"),
            *("param_count", "parameter_count", "params_count", "model_params", "model_parameters"),
            *(
                "total_params",
                "params_total",
                "total_parameters",
                "num_total_params",
                "active_params",
                "params_active",
            ),
            *("non_embedding_params", "params_non_embedding", "nonembedding_params", "params_no_embedding"),
            *("non_embedding_parameters", "params_nonembedding", "params_without_embeddings"),
        ),
        ("model_size", "size"),
    ),
    "tokens": (
        ("tokens",),
        (
            *(
                "token",
                "num_tokens",
                "n_tokens",
                "ntokens",
                "token_count",
                "tokens_count",
                "tokens_seen",
                "seen_tokens",
            ),
            *(
                "total_tokens",
                "tokens_total",
                "train_tokens",
                "training_tokens",
                "tokens_trained",
                "tokens_consumed",
            ),
            *(
                "consumed_tokens",
                "num_train_tokens",
                "num_training_tokens",
                "num_input_tokens_seen",
                "throughput_total_tokens",
            ),
            *("train_tokens_seen", "trained_tokens", "dataset_tokens", "data_tokens"),
        ),
    ),
    "compute": (
        ("compute",),
        (
            *COMPUTE_WORDS,
            *(f"{stem}_{unit}" for stem in _COMPUTE_STEMS for unit in COMPUTE_SUFFIXES),
            *(
                "flops_total",
                "compute_budget",
                "training_compute",
                "train_compute",
                "total_compute",
                "flops_6nd",
            ),
        ),
    ),
    "loss": (
        (*_losses_of(_EVALUATIONS), "final_val_loss", "final_eval_loss", "validation_lm_loss"),
        _losses_of(("test",)),
        ("loss",),
        ("final_loss", *_LOSSES[1:]),
        _losses_of(("train", "training")),
    ),
    "unique_tokens": (("unique_tokens",), ("tokens_unique", "num_unique_tokens", "n_unique_tokens")),
    "epochs": (("epochs",), ("num_epochs", "n_epochs", "total_epochs")),
    "lr": (("lr",), ("learning_rate", "train_lr", "train_learning_rate"), ("max_lr", "peak_lr")),
    "experts": (("experts",), ("num_experts", "n_experts", "expert_count")),
    "granularity": (("granularity",), ("expert_granularity",)),
    "bits": (("bits",), ("precision_bits", "weight_bits", "n_bits", "num_bits")),
    "streams": (("streams",), ("num_streams", "n_streams", "parallel_streams")),
    "batch_size": (("batch_size",), ("global_batch_size", "train_batch_size")),
}

# Objects in which experiment trackers nest columns, and the unit of a loss that does not name another.
PREFIXES = ("config", "summary", "metrics", "params", "hparams", "hyperparameters")
NATS = ("_nats_per_token", "_nats_token", "_nats")

CALLS = "_step"  # W&B's count of log calls, not of training steps; it orders rows where no other column does

STATES = ("state", "status", "run_state", "run_status")

# A name such as `eval/c4_loss` is the loss on one of several evaluation sets, which comes before a loss that may be on
# training data, unless another word says that it is something else.
_SET_TIER = 1.5
_SET_WORDS = (*_EVALUATIONS, "test")
_LOSS_WORDS = ("loss", "nll", "ce", "crossentropyloss")
_OTHER_WORDS = {
    *("train", "training", "aux", "auxiliary", "z", "balance", "balancing", "router", "reg", "regularization", "kl"),
    *("std", "stderr", "err", "error", "var", "sem", "ci", "lower", "upper", "low", "high", "min", "max", "best"),
    *("ema", "smooth", "smoothed", "delta", "diff", "gap", "ratio", "weight", "scale", "target", "count", "step"),
    *("bits", "byte", "char"),
}  # fmt: skip

# Normalised name to its role and tier.
_TIERS = {alias: (role, tier) for role, tiers in ALIASES.items() for tier, names in enumerate(tiers) for alias in names}


def role_of(column: str) -> tuple[str, float] | None:
    """The role that the name of a column stands for and its tier (lower is better), or None."""
    if column == CALLS:
        return "step", float(len(ALIASES["step"]))
    for shortenings, name in enumerate(_forms(column)):
        if name in _TIERS:
            role, tier = _TIERS[name]
            return role, tier + shortenings / 4  # `tokens` comes before `config.tokens`
        stem, scale = split_count_unit(name)
        role, tier = _TIERS.get(stem, ("", 0))
        if scale != 1.0 and role in COUNTS:
            return role, tier + 1 + shortenings / 4  # `tokens` comes before `tokens_b`
    return ("loss", _SET_TIER) if _is_loss_of_a_set(normalise(column)) else None


def _is_loss_of_a_set(name: str) -> bool:
    words = set(name.split("_"))
    is_plain = not words & _OTHER_WORDS and metric_unit(name) is None
    return is_plain and not words.isdisjoint(_SET_WORDS) and not words.isdisjoint(_LOSS_WORDS)


def _forms(column: str) -> Iterator[str]:
    """The name of a column normalised, then without the object that holds it, then without `nats`."""
    name = normalise(column)
    yield name
    # Only a dot or a slash separates an object from its field: `config_id` is a name.
    holder, *field = re.split(r"[./]", column, maxsplit=1)
    if normalise(holder) in PREFIXES and field and normalise(field[0]):
        name = normalise(field[0])
        yield name
    for unit in NATS:
        if name.endswith(unit):
            yield name.removesuffix(unit)


def scale_of(role: str, column: str) -> float:
    """The factor that converts the values of a column to FLOPs or plain counts, from the unit in its name."""
    if role == "compute":
        return compute_unit(normalise(column))
    for name in _forms(column):
        stem, scale = split_count_unit(name)
        if role in COUNTS and name not in _TIERS and _TIERS.get(stem, ("", 0))[0] == role:
            return scale
    return 1.0


def is_loss(column: str) -> bool:
    """Whether the name of a column is an alias of the loss."""
    place = role_of(column)
    return place is not None and place[0] == "loss"


def is_training_loss(column: str) -> bool:
    """Whether the name of a column says that it is the loss on training data."""
    return any(name in ALIASES["loss"][-1] for name in _forms(column))


def state_column(names: Sequence[str]) -> str | None:
    """The column that says how runs ended, such as W&B's `state`, or None."""
    return next((name for name in names if normalise(name) in STATES), None)
