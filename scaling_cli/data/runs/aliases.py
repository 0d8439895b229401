"""The names that columns have for each role in the logs of various programs.

Names are compared in the form that `names.normalise` gives, with and without the object in which experiment trackers
nest them, as in `config.n_params` and `summary/eval/loss`. The aliases of a role are listed in tiers, the best first.
Rates (`tflops`, tokens per second), perplexity and bits per byte are not aliases, so only a mapping can choose them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from scaling_cli.data.loss_names import (
    AUXILIARY,
    EVALUATIONS,
    LOSSES,
    NOT_LOSSES,
    is_on_one_set,
    is_part_of_a_loss,
    losses_of,
)
from scaling_cli.data.names import normalise
from scaling_cli.data.runs import costs
from scaling_cli.numbers.units import COMPUTE_SUFFIXES, COMPUTE_WORDS, compute_unit, split_count_unit

# A row with an unusable value in one of these is left out, and so is a row without a loss. A row that lacks one of the
# others is left out only if the law needs that one; which law it is depends on what most rows have.
MEASURES = ("loss", "params", "tokens", "compute")
EXTRAS = ("unique_tokens", "epochs", "lr", "experts", "batch_size", "granularity", "bits", "streams")
SWEPT = ("lr", "batch_size")  # roles that are tuned, so that a law is of their best values
ROLES = ("run_id", "step", "params", "tokens", "compute", "loss", *EXTRAS, *costs.ALIASES)
COUNTS = ("params", "tokens", "unique_tokens")  # roles whose columns may carry a unit such as _m or _b

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
            "experiment_key",  # Comet
        ),
        ("name", "sys_name"),  # the second is Neptune's
        ("id", "sys_id"),
        ("run_uuid",),
    ),
    "step": (
        ("step",),
        ("steps", "global_step", "train_step", "training_step", "trainer_global_step", "train_global_step"),
        ("iteration", "iterations", "iter", "iters", "train_iteration", "update", "updates", "num_updates"),
        ("current_steps", "current_step"),  # LLaMA-Factory
    ),
    "params": (
        ("params",),
        (
            *("n_params", "param", "parameters", "num_params", "nparams", "num_parameters", "n_parameters"),
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
        (
            *("trainable_params", "trainable_parameters", "num_trainable_params", "num_trainable_parameters"),
            *("n_trainable_params", "n_non_embedding_params", "num_non_embedding_params", "parameters_count"),
            *("n_param", "param_n", "params_n"),
        ),
    ),
    "tokens": (
        ("tokens",),
        (
            *(
                "token",
                "num_token",
                "token_num",
                "tokens_num",
                "n_token",
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
        ("d_tokens", "tokens_d"),
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
        (*losses_of(EVALUATIONS), "final_val_loss", "final_eval_loss", "validation_lm_loss"),
        losses_of(("test",)),
        ("loss",),
        ("final_loss", *LOSSES[1:]),
        (),  # losses on one evaluation set among others: see `is_on_one_set`
        # NeMo: the mean over all ranks; Lightning: of a batch, and the mean of an epoch
        (*losses_of(("train", "training")), "reduced_train_loss", "train_loss_step", "train_loss_epoch"),
    ),
    "unique_tokens": (("unique_tokens",), ("tokens_unique", "num_unique_tokens", "n_unique_tokens")),
    "epochs": (("epochs",), ("num_epochs", "n_epochs", "total_epochs")),
    "lr": (("lr",), ("learning_rate", "train_lr", "train_learning_rate"), ("max_lr", "peak_lr"), ("optim_lr_group_0",)),
    "experts": (("experts",), ("num_experts", "n_experts", "expert_count")),
    "granularity": (("granularity",), ("expert_granularity",)),
    "bits": (("bits",), ("precision_bits", "weight_bits", "n_bits", "num_bits")),
    "streams": (("streams",), ("num_streams", "n_streams", "parallel_streams")),
    "batch_size": (("batch_size",), ("global_batch_size", "train_batch_size")),
    **costs.ALIASES,
}

# Objects in which experiment trackers nest columns, and the unit of a loss that does not name another.
PREFIXES = ("config", "summary", "metrics", "params", "hparams", "hyperparameters")
# W&B's `config/lr/value`, and the last value beside `val/loss/min` or, as Neptune and ClearML write it, `loss (min)`.
WRAPPED = r"(?<=[^./])[./](value|last)$|(?<=\S) \(last\)$"
NATS = ("_nats_per_token", "_nats_token", "_nats")

CALLS = "_step"  # W&B's count of log calls, not of training steps; it orders rows where no other column does

# Papers write these letters. One alone may mean anything, so they count where the header has at least two of them.
LETTERS = {"n": "params", "d": "tokens", "c": "compute", "l": "loss"}

# Fields of these objects do not describe the run: tokens of an evaluation, params of another model.
OTHER_OBJECTS = {*EVALUATIONS, "test", "teacher", "reference", "ref", "reward", "draft", "perf", "speed", "per"}
PATH_ROLES = ("params", "tokens", "compute", *EXTRAS)  # roles that are found behind any object: `model.n_params`
NAMED_EVALUATION_TIER = len(ALIASES["loss"]) - 2

TOTAL_TIER = NAMED_EVALUATION_TIER - 0.5  # of a loss that other losses are added to, after the loss of the model alone

LAST_TIER = 10.0  # after every alias

# Normalised name to its role and tier.
_TIERS = {alias: (role, tier) for role, tiers in ALIASES.items() for tier, names in enumerate(tiers) for alias in names}


def role_of(column: str) -> tuple[str, float] | None:
    """The role that the name of a column stands for and its tier (lower is better), or None."""
    if column == CALLS:
        return "step", float(len(ALIASES["step"]))
    for shortenings, name in enumerate(_forms(column)):
        if (found := _place(name)) is not None:
            role, tier = found
            return role, tier + shortenings / 4  # `tokens` comes before `config.tokens`
    if is_on_one_set(column):
        # Lightning's `val_loss_step` is of one batch, and `val_loss_epoch` the mean over batches.
        is_of_batch = normalise(column).endswith("_step")
        return "loss", NAMED_EVALUATION_TIER + is_of_batch / 4
    if (field := _field(column)) and (found := _place(field)) is not None and found[0] in PATH_ROLES:
        return found[0], found[1] + LAST_TIER
    return None


def roles_of(columns: Sequence[str]) -> dict[str, tuple[str, float]]:
    """The role and tier of each column that has one; letters of papers count where there are at least two of them."""
    found = {column: place for column in columns if (place := role_of(column)) is not None}
    if any(is_part_of_a_loss(column) for column in columns):
        found |= {column: ("loss", TOTAL_TIER) for column in columns if _plain(column) == "loss"}
    letters = {column: role for column in columns if (role := letter_role(column)) is not None}
    if len(set(letters.values())) > 1:
        found |= {column: (role, LAST_TIER) for column, role in letters.items()}
    return found


def letter_role(column: str) -> str | None:
    """The role that a single letter, perhaps with a unit as in `N (M)`, has in papers, or None."""
    stem, scale = split_count_unit(_plain(column))
    role = LETTERS.get(stem)
    return role if scale == 1.0 or role in COUNTS else None


def _place(name: str) -> tuple[str, float] | None:
    """The role and tier of a normalised name, perhaps with a unit."""
    if name in _TIERS:
        return _TIERS[name]
    stem, scale = split_count_unit(name)
    role, tier = _TIERS.get(stem, ("", 0))
    # `tokens` comes before `tokens_b`
    return (role, tier + 1) if scale != 1.0 and role in COUNTS else None


def _plain(column: str) -> str:
    """A name normalised, without the sign that means `number of`."""
    return normalise(column.replace("#", " "))


def _field(column: str) -> str | None:
    """The last part of a dotted or slashed name, normalised; None if an object before it is not the run's own."""
    *objects, field = re.split(r"[./]", column)
    words = {word for each in objects for word in normalise(each).split("_")}
    return normalise(field) or None if objects and not words & OTHER_OBJECTS else None


def _forms(column: str) -> Iterator[str]:
    """The name of a column normalised, without the object that holds it, without `nats`, and out of its own object."""
    name = _plain(column)
    yield name
    # Only a dot or a slash separates an object from its field: `config_id` is a name.
    holder, *field = re.split(r"[./]", column, maxsplit=1)
    if normalise(holder) in PREFIXES and field and normalise(field[0]):
        name = normalise(field[0])
        yield name
    for unit in NATS:
        if name.endswith(unit):
            yield name.removesuffix(unit)
    if (stem := re.sub(WRAPPED, "", column)) != column:
        yield from _forms(stem)


def scale_of(role: str, column: str) -> float:
    """The factor that converts the values of a column to FLOPs or plain counts, from the unit in its name."""
    if role == "compute":
        return compute_unit(normalise(column))
    if role in costs.UNITS:
        return costs.UNITS[role].get(normalise(column).rpartition("_")[2], 1.0)
    for name in (*_forms(column), *([field] if (field := _field(column)) else [])):
        stem, scale = split_count_unit(name)
        if role in COUNTS and name not in _TIERS and role in (_TIERS.get(stem, ("", 0))[0], LETTERS.get(stem)):
            return scale
    return 1.0


def is_loss(column: str) -> bool:
    """Whether the name of a column is an alias of the loss."""
    place = role_of(column)
    return place is not None and place[0] == "loss"


def is_training_loss(column: str) -> bool:
    """Whether the name of a column says that it is the loss on training data."""
    return any(name in ALIASES["loss"][-1] for name in _forms(column))


def is_of_unsaid_data(column: str) -> bool:
    """Whether the name is that of a loss, but does not say on which data, such as `loss` or `lm_loss`."""
    return is_loss(column) and any(name in (*ALIASES["loss"][2], *ALIASES["loss"][3]) for name in _forms(column))


def is_named_evaluation(column: str) -> bool:
    """Whether the name is that of a loss on one evaluation set among others."""
    return (place := role_of(column)) is not None and place == ("loss", NAMED_EVALUATION_TIER)


def is_of_training(column: str) -> bool:
    """Whether a word in the name of a column says that it is about training data."""
    return not {"train", "training"}.isdisjoint(_plain(column).split("_"))


def may_be_evaluation(column: str) -> bool:
    """Whether the name of a column may be that of a loss on other data than the training data."""
    words = set(_plain(column).split("_"))
    metrics = {"loss", "nll", "ce", "ppl", "perplexity", "bpb"}
    return bool(words & metrics) and not words & {"train", "training", "unit", "units", *AUXILIARY, *NOT_LOSSES}
