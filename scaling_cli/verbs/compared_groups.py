"""Which groups `scaling compare-exponents` compares, and the factors that they are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from scaling_cli.data.names import normalise
from scaling_cli.errors import FitError, UsageError
from scaling_cli.options.compare_exponents import CompareExponents

if TYPE_CHECKING:
    from scaling_cli.analysis.comparison.factors.design import Factor


# Columns whose values stand for different evaluations, or for different units of the loss.
EVALUATIONS = frozenset({
    "dataset", "corpus", "resolution", "imagesize", "modality", "domain", "metric", "eval", "evaluation", "evalset",
    "evaldata", "valset", "validationset", "testset", "benchmark", "task", "subject", "language", "lang", "unit",
    "lossunit", "lossname",
})  # fmt: skip
TOKENS = frozenset({"tokenizer", "tokeniser", "vocab", "vocabulary", "vocabsize", "tokenization", "tokenisation"})
BYTES = ("bitsperbyte", "bpb", "bitsperchar", "bpc", "natsperbyte", "lossperbyte")


def obstacle(columns: Iterable[str], loss: str, unit: str) -> str | None:
    """The column because of which losses of different groups cannot be compared; None if there is none.

    Losses per byte or per character do not depend on the tokenizer.
    """
    per_byte = unit == "bits-per-byte" or any(name in _plain(loss) for name in BYTES)
    for column in columns:
        if _plain(column) in EVALUATIONS or (_plain(column) in TOKENS and not per_byte):
            return column
    return None


def _plain(name: str) -> str:
    return normalise(name).replace("_", "")


def groups_by(asked: CompareExponents) -> tuple[str, ...]:
    """The columns whose values define the groups: those of --by, or every factor and covariate."""
    if asked.by and (asked.factors or asked.covariate):
        raise UsageError(
            "--by compares groups in pairs, and --factors tests columns; they cannot be combined.",
            hint=f"Give --factors {','.join(dict.fromkeys((*asked.by, *asked.factors)))} alone.",
        )
    columns = (*asked.by, *asked.factors, *(source_of(name) for name in asked.covariate))
    if not columns:
        raise UsageError(
            "It is not clear which groups to compare.",
            hint="Name the column of the groups with --by, or several columns with --factors.",
        )
    if len(set(columns)) < len(columns):
        raise UsageError(f"A column is named twice: {', '.join(columns)}.", hint="Name each column once.")
    return columns


def source_of(covariate: str) -> str:
    """The column of a covariate: `lr` of `lr` and of `log(lr)`."""
    return covariate[4:-1].strip() if covariate.startswith("log(") and covariate.endswith(")") else covariate


def factors_of(asked: CompareExponents, groups: list[dict[str, str]]) -> tuple[Factor, ...]:
    """The factors of the groups that could be fitted; those that have one level are left out, but one must remain."""
    from scaling_cli.analysis.comparison.factors.answer import factors_from

    values = {name: _numbers(name, [group[source_of(name)] for group in groups]) for name in asked.covariate}
    constant = [name for name in asked.factors if len({group[name] for group in groups}) < 2]
    constant += [name for name, numbers in values.items() if len(set(numbers)) < 2]
    if constant:
        raise FitError(
            f"{constant[0]} has the same value in all groups that could be fitted, so its effect cannot be seen.",
            hint=f"Leave {constant[0]} out, or add runs with another value of it.",
        )
    return tuple(factors_from(groups, asked.factors, {name: np.array(numbers) for name, numbers in values.items()}))


def _numbers(name: str, labels: list[str]) -> list[float]:
    """The numbers behind the labels of a covariate, or their logarithms."""
    try:
        numbers = [float(label) for label in labels]
    except ValueError:
        bad = next(label for label in labels if not _is_number(label))
        raise UsageError(
            f"--covariate {name} needs a number in every row, but {source_of(name)} has {bad!r}.",
            hint=f"Give it as a factor: --factors {source_of(name)}.",
        ) from None
    if name != source_of(name):
        if min(numbers) <= 0:
            raise UsageError(
                f"--covariate {name} takes the log of {source_of(name)}, which has the value {min(numbers):g}.",
                hint=f"Give --covariate {source_of(name)}.",
            )
        return [math.log(number) for number in numbers]
    return numbers


def _is_number(label: str) -> bool:
    try:
        float(label)
    except ValueError:
        return False
    return True
