"""The scaling laws that can be fitted: formulas, bounds, starting values, sources and published parameters.

`HOMES` lists every law; to add one, write it in a module of this folder and add its name here. A law is imported when
it is first used, so a fit of one law does not wait for the others. `LAWS` holds all of them.

`law` defines what a law is. Most laws are a `sums.SumLaw` (a sum of terms) or a `formula.FormulaLaw` (a formula that is
parsed), with bounds and starts from `roles`. `constrained` fixes or ties parameters of any law; `custom` reads a law
that the user writes.
"""

from __future__ import annotations

import difflib
import importlib
import re
from collections.abc import Sequence

from scaling_cli.errors import UsageError
from scaling_cli.laws.law import Derived, Law, Parameter, Published, Scale, Scene

# Law to module and name there, in the order in which they are listed.
HOMES = {
    "power": "power.POWER",
    "power-constant": "power.POWER_CONSTANT",
    "shifted-power": "single.SHIFTED_POWER",
    "logarithmic": "single.LOGARITHMIC",
    "m3": "single.M3",
    "m4": "m4.M4",
    "bnsl": "bnsl.BNSL",
    "bnsl-monotone": "bnsl.BNSL_MONOTONE",
    "sigmoid": "single.SIGMOID",
    "hill": "single.HILL",
    "exponential-saturation": "single.EXPONENTIAL_SATURATION",
    "saturating-power": "single.SATURATING_POWER",
    "chinchilla": "chinchilla.CHINCHILLA",
    "chinchilla-tied": "chinchilla.CHINCHILLA_TIED",
    "general": "general.GENERAL",
    "kaplan": "kaplan.KAPLAN",
    "kaplan-steps": "kaplan.KAPLAN_STEPS",
    "critical-batch": "kaplan.CRITICAL_BATCH_LAW",
    "data-constrained": "repeated.DATA_CONSTRAINED",
    "routed": "architecture.ROUTED",
    "granularity": "architecture.GRANULARITY",
    "precision": "columns.PRECISION",
    "parallel": "architecture.PARALLEL",
    "multi-power": "columns.MULTI_POWER",
    "additive": "columns.ADDITIVE",
    "loss-to-loss": "architecture.LOSS_TO_LOSS",
    "two-power": "mixture.TWO_POWER",
    "exponential": "outcomes.EXPONENTIAL",
    "u-shaped": "outcomes.U_SHAPED",
    "bump": "outcomes.BUMP",
    "farseer": "sparse.FARSEER",
    "mixture-exp": "mixture.MIXTURE_EXP",
    "mixture-additive": "mixture.MIXTURE_ADDITIVE",
    "mixture-repetition": "mixture.MIXTURE_REPETITION",
    "utility-decay": "mixture.UTILITY_DECAY",
    "transfer": "mixture.TRANSFER",
    "sparsity": "sparse.SPARSITY",
    "pruning": "sparse.PRUNING",
    "looped": "sparse.LOOPED",
    "float-format": "sparse.FLOAT_FORMAT",
    "post-training-quantisation": "sparse.POST_TRAINING_QUANTISATION",
    "encoder-decoder": "sparse.ENCODER_DECODER",
    "distillation": "sparse.DISTILLATION",
    "reward-over-optimisation": "outcomes.REWARD_OVER_OPTIMISATION",
    "best-of-n-reward": "outcomes.BEST_OF_N_REWARD",
    "rl-efficiency": "outcomes.RL_EFFICIENCY",
    "rl-sigmoid": "outcomes.RL_SIGMOID",
    "pass-until": "outcomes.PASS_UNTIL",
    "bernoulli": "outcomes.BERNOULLI",
    "observational": "outcomes.OBSERVATIONAL",
    "batch-tradeoff": "outcomes.BATCH_TRADEOFF",
    "power-lines": "outcomes.POWER_LINES",
    "sweep-optimum": "outcomes.SWEEP_OPTIMUM",
    "annealing": "schedule.ANNEALING",
    "multi-power-schedule": "schedule.MULTI_POWER_SCHEDULE",
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
WRITTEN = re.compile(r"[+*/^()\s]")  # characters of formulas that no law's name contains

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
    return bool(WRITTEN.search(text.strip()))


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
        near = difflib.get_close_matches(name.lower().replace("_", "-"), HOMES, n=1)
        guess = f"Did you mean {near[0]}? " if near else ""
        raise UsageError(f"No law is called {name!r}.", hint=f"{guess}Choose one of {', '.join(HOMES)}.")
    return _named(name)


def _named(name: str) -> Law:
    module, _, constant = HOMES[name].partition(".")
    law: Law = getattr(importlib.import_module(f"{__name__}.{module}"), constant)
    return law
