"""Which column plays which role: the alias table, and the choice made from it.

Aliases are compared as `names.normalise` folds them, with and without what experiment trackers put before them, as in
`config.n_params` and `summary/eval/loss`. Each role lists its aliases in tiers; the best tier
that occurs wins, and two columns in one tier are a tie, which is refused, never guessed. Rates
(`tflops`, tokens per second), perplexity and bits per byte are in no tier, so they are taken for a role
only when a mapping says so.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from scaling_cli.data.names import normalise, unknown
from scaling_cli.errors import UsageError
from scaling_cli.numbers.units import COMPUTE_SUFFIXES, COMPUTE_WORDS, compute_unit, split_count_unit
from scaling_cli.record import Record

IGNORE = "none"  # a mapping to this leaves the role without a column

# A row with an unusable value in one of these is left out, as is one without a loss. One that only lacks another is
# left out where the law needs it, and most rows decide which law that is.
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
    """Every way to write the loss on a split: before and after, as in `val_loss` and `loss_val`."""
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

# Objects in which experiment trackers nest what they export, and the unit that a loss has anyway.
PREFIXES = ("config", "summary", "metrics", "hparams", "hyperparameters")
NATS = ("_nats_per_token", "_nats_token", "_nats")

STATES = ("state", "status", "run_state", "run_status")

# normalised name -> (role, tier)
_PLACES = {
    alias: (role, tier) for role, tiers in ALIASES.items() for tier, names in enumerate(tiers) for alias in names
}


class Chosen(Record):
    """The column read for a role, and the factor that brings its values to FLOPs or plain counts."""

    column: str
    scale: float = 1.0


def choose_columns(
    names: Sequence[str], mapping: Mapping[str, str], files: Mapping[str, int] | None = None
) -> dict[str, Chosen]:
    """Each role that has a column, in the order of `ROLES`; a mapping goes before the alias table.

    Args:
        files: How many files have each column. One that few files have takes no role from one that most have, lest a
        stray file decide for a thousand.

    Raises:
        UsageError: Two columns tie for a role, or the mapping names a role or column that does not
        exist.
    """
    _check_mapping(names, mapping)
    chosen: dict[str, Chosen] = {}
    for role, tied in candidates(names, mapping, files).items():
        if len(tied) == 1:
            chosen[role] = Chosen(tied[0], scale_of(role, tied[0]))
        elif role not in EXTRAS:  # only some laws read those, so a tie is no reason to refuse the rest
            raise UsageError(
                f"Columns {tied[0]!r} and {tied[1]!r} could both be {role}.",
                hint=f"Write --map {shlex.quote(f'{role}={tied[0]}')} or --map {shlex.quote(f'{role}={tied[1]}')}.",
            )
    _refuse_shared(chosen)
    return chosen


def _refuse_shared(chosen: Mapping[str, Chosen]) -> None:
    """Refuse one column as two measures, as where only the other was named."""
    measures: dict[str, str] = {}
    for role in MEASURES:
        column = chosen[role].column if role in chosen else None
        if column is not None and (other := measures.setdefault(column, role)) != role:
            raise UsageError(
                f"Column {column!r} would be both {other} and {role}.",
                hint=f"Name another column with --{role} COLUMN or --{other} COLUMN; `none` leaves a role out.",
            )


def candidates(
    names: Sequence[str], mapping: Mapping[str, str], files: Mapping[str, int] | None = None
) -> dict[str, list[str]]:
    """The columns that each role would be read from: one, or several that tie; in the order of `ROLES`.

    A mapping to a column that does not exist counts for nothing.
    """
    places: dict[str, list[tuple[float, str]]] = {}
    for name in names:
        for role, tier in _places(name):
            places.setdefault(role, []).append((tier, name))
    found = {role: _best(_common(places.get(role, []), files or {})) for role in ROLES}
    for role, column in mapping.items():
        if role in ROLES and (column in names or column == IGNORE):
            found[role] = [] if column == IGNORE else [column]
    return {role: tied for role, tied in found.items() if tied}


def is_loss(name: str) -> bool:
    """Whether the alias table knows the column as a loss."""
    return any(role == "loss" for role, _ in _places(name))


def is_training_loss(name: str) -> bool:
    """Whether the column's name says that it is the loss on training data."""
    return any(written in ALIASES["loss"][-1] for written in _ways(name))


def state_column(names: Sequence[str]) -> str | None:
    """The column that says how runs ended, as W&B has one."""
    return next((name for name in names if normalise(name) in STATES), None)


def _check_mapping(names: Sequence[str], mapping: Mapping[str, str]) -> None:
    for role, column in mapping.items():
        if role not in ROLES:
            raise unknown("role", role, ROLES)
        if column != IGNORE and column not in names:
            raise unknown("column", column, names)


def _places(name: str) -> Iterator[tuple[str, float]]:
    """The role and tier of a column name, if any."""
    for more, folded in enumerate(_ways(name)):
        if folded in _PLACES:
            role, tier = _PLACES[folded]
            yield role, tier + more / 4  # `tokens` goes before `config.tokens`
            return
        stem, scale = split_count_unit(folded)
        place = _PLACES.get(stem)
        if scale != 1.0 and place is not None and place[0] in COUNTS:
            yield place[0], place[1] + 1 + more / 4  # `tokens` goes before `tokens_b`
            return


def _ways(name: str) -> Iterator[str]:
    """A column name folded, then without the object that holds it, then without nats, for which a loss need not say."""
    folded = normalise(name)
    yield folded
    # `config_id` is a name; only a dot or a slash tells an object from what it holds.
    holder, *bare = re.split(r"[./]", name, maxsplit=1)
    if normalise(holder) in PREFIXES and bare and normalise(bare[0]):
        folded = normalise(bare[0])
        yield folded
    for unit in NATS:
        if folded.endswith(unit):
            yield folded.removesuffix(unit)


def _common(candidates: list[tuple[float, str]], files: Mapping[str, int]) -> list[tuple[float, str]]:
    """The candidates that at least half as many files have as have the one that most have."""
    most = max((files.get(name, 1) for _, name in candidates), default=1)
    return [(tier, name) for tier, name in candidates if 2 * files.get(name, 1) >= most]


def _best(candidates: list[tuple[float, str]]) -> list[str]:
    best = min((tier for tier, _ in candidates), default=0)
    return [name for tier, name in candidates if tier == best]


def scale_of(role: str, column: str) -> float:
    """The factor that brings the values of a column to FLOPs or plain counts."""
    if role == "compute":
        return compute_unit(normalise(column))
    for folded in _ways(column):
        stem, scale = split_count_unit(folded)
        if role in COUNTS and folded not in _PLACES and _PLACES.get(stem, ("", 0))[0] == role:
            return scale
    return 1.0
