"""Units in column names: `compute_pf_days`, `Gflops`, `params_m`, `tokens (B)`.

The package computes in FLOPs and in counts of params and tokens, so each unit is a factor.
"""

from __future__ import annotations

PF_DAY = 8.64e19  # FLOPs: 1e15 a second for 86,400 seconds

COUNT_UNITS = {
    "k": 1e3,
    "thousand": 1e3,
    "thousands": 1e3,
    "m": 1e6,
    "million": 1e6,
    "millions": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "billion": 1e9,
    "billions": 1e9,
    "t": 1e12,
    "trillion": 1e12,
    "trillions": 1e12,
}

# These words alone mean an amount of compute.
COMPUTE_WORDS = {
    "flops": 1.0,
    "flop": 1.0,
    "flos": 1.0,
    "gflops": 1e9,
    "gflop": 1e9,
    "gigaflops": 1e9,
    "teraflops": 1e12,
    "petaflops": 1e15,
    "exaflops": 1e18,
    "zettaflops": 1e21,
    "pf_day": PF_DAY,
    "pf_days": PF_DAY,
    "pfdays": PF_DAY,
    "pflop_days": PF_DAY,
    "pflops_days": PF_DAY,
    "pflop_s_day": PF_DAY,
    "pflop_s_days": PF_DAY,
    "pflops_s_days": PF_DAY,
    "petaflop_days": PF_DAY,
    "petaflops_days": PF_DAY,
    "petaflop_s_day": PF_DAY,
    "petaflop_s_days": PF_DAY,
    "petaflops_s_days": PF_DAY,
}

# These alone are usually a speed (TFLOP/s), so they count only behind a word such as `compute` or
# `total`.
COMPUTE_SUFFIXES = COMPUTE_WORDS | {
    "tflop": 1e12,
    "tflops": 1e12,
    "pflop": 1e15,
    "pflops": 1e15,
    "eflop": 1e18,
    "eflops": 1e18,
    "zflop": 1e21,
    "zflops": 1e21,
}


PERPLEXITY = "perplexity"  # the one unit of a loss that is not only recorded: its log is a loss in nats

# Words in a column's name that say in which unit its metric is.
METRICS = {
    PERPLEXITY: ("perplexity", "ppl"),
    "bits-per-byte": ("bpb", "bits_per_byte"),
    "bits": (
        *("bpc", "bpt", "bits_per_char", "bits_per_character", "bits_per_token", "bits_per_word"),
        *("loss_bits", "bits_loss", "nll_bits", "ce_bits", "entropy_bits", "in_bits"),
    ),
    "accuracy": ("accuracy", "acc"),
}


PERCENT = {"%": 0.01}


# What stands behind a number in the cells of a role, as in `1.3B params` and `3.2 nats`.
NOUNS = {
    "params": ("params", "param", "parameters"),
    "tokens": ("tokens", "token", "tok", "toks"),
    "unique_tokens": ("tokens", "token", "tok", "toks"),
    "step": ("steps", "step", "iterations", "iters", "updates"),
}


def cell_units(role: str, scale: float) -> dict[str, float]:
    """The units that may stand in the cells of a role, where its column has none."""
    if role == "compute" and scale == 1.0:
        return COMPUTE_SUFFIXES
    if role == "loss":
        return {**PERCENT, "nats": 1.0}
    nouns = NOUNS.get(role, ()) if scale == 1.0 else ()
    return {f"{unit}_{noun}".strip("_"): factor for unit, factor in {"": 1.0, **COUNT_UNITS}.items() for noun in nouns}


def metric_unit(name: str) -> str | None:
    """The unit that a normalised name gives its metric, where that is not nats."""
    words = f"_{name}_"
    return next((unit for unit, known in METRICS.items() if any(f"_{word}_" in words for word in known)), None)


def compute_unit(name: str) -> float:
    """FLOPs in one unit of a normalised compute column name: 1 where the name gives no unit."""
    fitting = [unit for unit in COMPUTE_SUFFIXES if name == unit or name.endswith("_" + unit)]
    return COMPUTE_SUFFIXES[max(fitting, key=len)] if fitting else 1.0


def split_count_unit(name: str) -> tuple[str, float]:
    """A normalised name without its unit, and the factor: `("params", 1e6)` for `params_m`."""
    stem, _, unit = name.rpartition("_")
    if stem and unit in COUNT_UNITS:
        return stem, COUNT_UNITS[unit]
    return name, 1.0
