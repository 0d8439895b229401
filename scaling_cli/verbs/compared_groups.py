"""Which groups `scaling compare-exponents` compares, and the factors that they are made of."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scaling_cli.data.names import normalise
from scaling_cli.errors import FitError, UsageError
from scaling_cli.fitting.complete import completed
from scaling_cli.options.compare_exponents import CompareExponents
from scaling_cli.points.beside import differs_between
from scaling_cli.points.group import grouped_for
from scaling_cli.points.weights import Weighting
from scaling_cli.record import replace

if TYPE_CHECKING:
    from scaling_cli.analysis.comparison.factors.design import Factor
    from scaling_cli.caveats import Caveat
    from scaling_cli.data.runs.table import RunTable
    from scaling_cli.fitting.fit import Settings
    from scaling_cli.laws import Law
    from scaling_cli.points.choose import Choice
    from scaling_cli.points.group import Groups
    from scaling_cli.results.fit import FitResult


# Columns whose values stand for different evaluations, or for different units of the loss.
EVALUATIONS = frozenset({
    "dataset", "corpus", "resolution", "imagesize", "modality", "domain", "metric", "eval", "evaluation", "evalset",
    "evaldata", "valset", "validationset", "testset", "benchmark", "task", "subject", "language", "lang", "unit",
    "lossunit", "lossname",
})  # fmt: skip
TOKENS = frozenset({"tokenizer", "tokeniser", "vocab", "vocabulary", "vocabsize", "tokenization", "tokenisation"})
BYTES = ("bitsperbyte", "bpb", "bitsperchar", "bpc", "natsperbyte", "lossperbyte")


def obstacle(table: RunTable, by: Sequence[str], unit: str) -> str | None:
    """The column because of which losses of different groups cannot be compared; None if there is none.

    It is one of the groups, or another that has not the same values in all of them. Losses per byte or per character do
    not depend on the tokenizer.
    """
    per_byte = unit == "bits-per-byte" or any(name in _plain(table.columns.get("loss", "loss")) for name in BYTES)
    suspect = EVALUATIONS if per_byte else EVALUATIONS | TOKENS
    differing = (name for name in table.aside.columns if _plain(name) in suspect and differs_between(table, by, name))
    return next((name for name in by if _plain(name) in suspect), None) or next(differing, None)


def unlike_effects(table: RunTable, asked: CompareExponents) -> frozenset[str]:
    """Factors and interactions, `data` or `data:optimizer`, whose effect on the loss cannot be seen.

    The losses of their levels may be on different evaluation data, or may be made of other tokens.
    """
    names = (*asked.factors, *asked.covariate)
    terms = [*((name,) for name in names), *itertools.combinations(names, 2)]
    return frozenset(":".join(term) for term in terms if obstacle(table, [*map(source_of, term)], asked.loss_unit))


def _plain(name: str) -> str:
    return normalise(name).replace("_", "")


def check_share(asked: CompareExponents, law: Law) -> None:
    """Refuse --share where groups cannot share what it names.

    Raises:
        UsageError: It names no parameter of the law, or other options of the call compare without a fit of all groups.
    """
    if not asked.share:
        return
    from scaling_cli.analysis.comparison.pinned import is_pinned
    from scaling_cli.analysis.comparison.sharing import check_shared

    if is_pinned(law):
        raise UsageError("--share needs a free exponent, but --fix holds it.", hint="Leave --share or --fix out.")
    check_shared(law, asked.share, asked.exponent)


def fits_together(
    groups: Groups,
    own: Sequence[FitResult],
    by: Sequence[str],
    choice: Choice,
    asked: CompareExponents,
    settings: Settings,
) -> tuple[list[FitResult], list[Caveat]]:
    """Each group's part in the fit of all groups, which share the parameters of --share, and the caveats of that fit.

    Args:
        groups: The points of each group.
        own: The fit of each group by itself, in the same order.
        by: Columns of the groups.
        choice: The law, and the columns that are its inputs.
        asked: What to share, and how to fit.
        settings: How to fit.
    """
    from scaling_cli.fitting.fit import fit
    from scaling_cli.points.share import of_groups

    points, both = of_groups([points.frame for _, points in groups], by, choice, asked.share)
    weighting = Weighting(asked.weight, asked.scale_weight, "none")
    joint, caveats = fit(grouped_for(points, {}, both, asked.space, weighting), settings)
    return [completed(_part(joint, one, choice.law, asked.share), choice.law) for one in own], caveats


def _part(joint: FitResult, own: FitResult, law: Law, shared: Sequence[str]) -> FitResult:
    """The result of one group with the parameters and replicates that it has in the fit of all groups."""
    label = ",".join(own.group.values())
    place = {name: number for number, name in enumerate(joint.parameters)}
    names = [name if name in shared else f"{name}[{label}]" for name in law.names]
    draws = joint.draws
    if draws is not None:
        draws = tuple(tuple(row[place[name]] for name in names) for row in draws)
    return replace(
        own,
        parameters={name: joint.parameters[of] for name, of in zip(law.names, names, strict=True)},
        derived={name: joint.derived.get(f"{name}[{label}]", value) for name, value in own.derived.items()},
        draws=draws,
    )


def groups_by(asked: CompareExponents) -> tuple[str, ...]:
    """The columns whose values define the groups: those of --by, or every factor and covariate."""
    if asked.by and (asked.factors or asked.covariate):
        raise UsageError(
            "--by compares groups in pairs, and --factors tests columns; they cannot be combined.",
            hint=f"Give --factors {','.join(dict.fromkeys((*asked.by, *asked.factors)))} alone.",
        )
    of_pairs = {"--share": asked.share, "--shared-floor": asked.shared_floor, "--reference": asked.reference}
    flag = next((flag for flag, value in of_pairs.items() if value), None)
    if flag is not None and (asked.factors or asked.covariate):
        raise UsageError(
            f"{flag} works only with groups of --by, not with --factors or --covariate.",
            hint=f"Leave {flag} out, or give --by instead.",
        )
    columns = (*asked.by, *asked.factors, *(source_of(name) for name in asked.covariate))
    if not columns:
        raise UsageError(
            "It is not clear which groups to compare.",
            hint="Name the column of the groups with --by, or several with --factors; --by file compares files.",
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
            f"{constant[0]} has the same value in all groups that can be fitted, so its effect cannot be seen.",
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
