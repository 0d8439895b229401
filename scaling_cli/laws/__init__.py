"""The scaling laws that can be fitted: formulas, bounds, starting values, sources and published parameters.

HOMES lists every law; to add one, write it in a module of this folder and add a line here. A law is imported when it is
first used, so a fit of one law does not wait for the others. LAWS holds all of them, and `topics` what each is about.

`law` defines what a law is. Most are a sum of terms (`sums`) or a `formula` that is parsed, with bounds and starts from
`roles`. Laws of one input are in `power`, `single`, `m4` and `bnsl`; of params and tokens in `chinchilla`, `general`
and `kaplan`; of any columns in `columns`. Others are about repeated data (`repeated`), what data are made of
(`mixture`), `architecture`, models that are `sparse` or quantised, learning-rate schedules (`schedule`, by the `drops`
of a run), and what is not a loss (`outcomes`).

`custom` reads a law that the user writes: `guesses` and `places` tell what its parameters are, and `written` fits it;
`named` has laws of this package that are made in the same way. `constrained` fixes or ties parameters of any law, and
`grouped` shares them between groups. `derive` adds quantities that the user asks for, and `published` plans with
published fits.
"""

from __future__ import annotations

import difflib
import functools
import importlib
from collections.abc import Sequence

from scaling_cli.errors import UsageError
from scaling_cli.laws.law import Derived, Law, Parameter, Published, Scale, Scene

# Law to module and name there, and to its topics (`options.laws.TOPIC_NAMES`), in the order in which laws are listed.
HOMES: dict[str, tuple[str, ...]] = {
    "power": ("power.POWER", "curves"),
    "power-constant": ("power.POWER_CONSTANT", "curves"),
    "shifted-power": ("single.SHIFTED_POWER", "curves"),
    "logarithmic": ("single.LOGARITHMIC", "curves"),
    "m3": ("single.M3", "curves"),
    "m4": ("m4.M4", "curves"),
    "bnsl": ("bnsl.BNSL", "curves"),
    "bnsl-monotone": ("bnsl.BNSL_MONOTONE", "curves"),
    "sigmoid": ("single.SIGMOID", "metrics"),
    "hill": ("single.HILL", "metrics"),
    "exponential-saturation": ("single.EXPONENTIAL_SATURATION", "metrics"),
    "saturating-power": ("single.SATURATING_POWER", "inference", "metrics"),
    "chinchilla": ("chinchilla.CHINCHILLA", "surfaces"),
    "chinchilla-tied": ("chinchilla.CHINCHILLA_TIED", "surfaces"),
    "general": ("general.GENERAL", "surfaces"),
    "kaplan": ("kaplan.KAPLAN", "surfaces"),
    "kaplan-steps": ("kaplan.KAPLAN_STEPS", "surfaces"),
    "critical-batch": ("kaplan.CRITICAL_BATCH_LAW", "training"),
    "data-constrained": ("repeated.DATA_CONSTRAINED", "data"),
    "routed": ("architecture.ROUTED", "architecture"),
    "granularity": ("architecture.GRANULARITY", "architecture"),
    "precision": ("columns.PRECISION", "precision"),
    "parallel": ("architecture.PARALLEL", "architecture"),
    "multi-power": ("columns.MULTI_POWER", "surfaces", "training"),
    "additive": ("columns.ADDITIVE", "surfaces"),
    "loss-to-loss": ("architecture.LOSS_TO_LOSS", "curves", "metrics"),
    "two-power": ("mixture.TWO_POWER", "curves", "data"),
    "exponential": ("outcomes.EXPONENTIAL", "curves", "data"),
    "u-shaped": ("outcomes.U_SHAPED", "curves", "metrics"),
    "bump": ("outcomes.BUMP", "curves"),
    "farseer": ("sparse.FARSEER", "surfaces"),
    "mixture-exp": ("mixture.MIXTURE_EXP", "data"),
    "mixture-additive": ("mixture.MIXTURE_ADDITIVE", "data"),
    "mixture-repetition": ("mixture.MIXTURE_REPETITION", "data"),
    "utility-decay": ("mixture.UTILITY_DECAY", "data"),
    "transfer": ("mixture.TRANSFER", "data"),
    "sparsity": ("sparse.SPARSITY", "architecture"),
    "pruning": ("sparse.PRUNING", "architecture"),
    "looped": ("sparse.LOOPED", "architecture"),
    "float-format": ("sparse.FLOAT_FORMAT", "precision"),
    "post-training-quantisation": ("sparse.POST_TRAINING_QUANTISATION", "precision"),
    "quantised": ("sparse.QUANTISED", "precision"),
    "encoder-decoder": ("sparse.ENCODER_DECODER", "architecture"),
    "distillation": ("sparse.DISTILLATION", "training"),
    "reward-over-optimisation": ("outcomes.REWARD_OVER_OPTIMISATION", "reinforcement"),
    "best-of-n-reward": ("outcomes.BEST_OF_N_REWARD", "reinforcement", "inference"),
    "rl-efficiency": ("outcomes.RL_EFFICIENCY", "reinforcement"),
    "rl-sigmoid": ("outcomes.RL_SIGMOID", "reinforcement"),
    "pass-until": ("outcomes.PASS_UNTIL", "inference", "metrics"),
    "bernoulli": ("outcomes.BERNOULLI", "metrics"),
    "observational": ("outcomes.OBSERVATIONAL", "metrics"),
    "batch-tradeoff": ("outcomes.BATCH_TRADEOFF", "training"),
    "power-lines": ("outcomes.POWER_LINES", "training"),
    "sweep-optimum": ("outcomes.SWEEP_OPTIMUM", "training"),
    "annealing": ("schedule.ANNEALING", "training"),
    "multi-power-schedule": ("schedule.MULTI_POWER_SCHEDULE", "training"),
}
FAMILIES = {  # laws whose inputs are the columns the user names, and where they are made
    "multi-power": "columns",
    "additive": "columns",
    "precision": "columns",
    "mixture-exp": "mixture",
    "mixture-additive": "mixture",
    "sweep-optimum": "outcomes",
    "observational": "outcomes",
}
SIGNS = frozenset("+*/^()")  # which formulas contain, and names of laws do not

LAWS: tuple[Law, ...]

__all__ = [
    "FAMILIES", "LAWS", "Derived", "Law", "Parameter", "Published", "Scale",
    "Scene", "find_law", "is_formula",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name != "LAWS":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return tuple(map(_named, HOMES))


def is_formula(text: str) -> bool:
    """Whether `text` is a formula rather than the name of a law."""
    return not SIGNS.isdisjoint(text) or len(text.split()) > 1


def find_law(name: str, inputs: Sequence[str] = ()) -> Law:
    """The law called `name`, or the law that the formula `name` writes out.

    The laws in `FAMILIES` are built for the columns in `inputs`, where these are given.

    Raises:
        UsageError: No law has this name; the hint lists the names.
    """
    if " sharing " in name:
        from scaling_cli.laws.grouped import GROUPED, LEVEL, grouped

        if (parts := GROUPED.fullmatch(name)) is not None:
            inner = find_law(parts["law"], [each for each in inputs if each != LEVEL + parts["column"]])
            return grouped(inner, parts["column"], parts["labels"].split(";"), parts["shared"].split(","))
    if is_formula(name):
        from scaling_cli.laws.custom import INPUTS, law_from_formula

        return law_from_formula(name, inputs or INPUTS)
    if name in FAMILIES and inputs:
        made: Law = importlib.import_module(f"{__name__}.{FAMILIES[name]}").MAKERS[name](inputs)
        return made
    if name not in HOMES:
        raise _unknown(name)
    return _named(name)


def _unknown(name: str) -> UsageError:
    law, _, published = name.partition(":")
    if published and law in HOMES:
        return UsageError(f"{name} is a published fit, but here a law is fitted to runs.", hint=f"Give only {law}.")
    if name == "all":
        return UsageError("--law all ranks laws, and works only with `scaling fit`.", hint="Name one law.")
    near = difflib.get_close_matches(name.lower().replace("_", "-"), HOMES, n=1)
    guess = f"Did you mean {near[0]}? " if near else ""
    return UsageError(f"No law is called {name!r}.", hint=f"{guess}`scaling laws` lists the laws.")


@functools.cache
def _named(name: str) -> Law:
    module, _, constant = HOMES[name][0].partition(".")
    law: Law = getattr(importlib.import_module(f"{__name__}.{module}"), constant)
    return law
