"""The law to fit: the one that is asked for, or one that the columns can support."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data.cells import different_known
from scaling_cli.data.names import COLUMN, column_of, listing
from scaling_cli.data.runs.aliases import ROLES
from scaling_cli.data.runs.likely import no_column, sized_names
from scaling_cli.data.runs.table import label_of
from scaling_cli.errors import DataError, UsageError
from scaling_cli.laws import FAMILIES, Law, find_law, is_formula
from scaling_cli.numbers.format import with_and
from scaling_cli.numbers.surface import SURFACE, has_params_and_tokens
from scaling_cli.points.mixture import MIXTURE, check_mixture, check_named, listed, without_shares
from scaling_cli.record import Record

ONE_INPUT_ORDER = ("compute", "tokens", "params", "step")
SURFACE_SPAN = 1.5  # tokens per param must differ by this much for params and tokens to be two inputs
SURFACE_POINTS = 8  # five parameters, and something left to judge the fit by
MOST = 0.5  # share of points that must have a column for it to decide; points without it are then left out and counted
FLOOR_VALUES = 5  # with fewer different inputs, a floor cannot be distinguished from a smaller exponent


class Choice(Record):
    """A law, the column for each of its inputs, and, if it was not asked for, why it was chosen."""

    law: Law
    inputs: dict[str, str]
    reason: str | None = None


def columns_of(
    law: str, x: str | None, own: Mapping[str, str] | None = None
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Columns to read for a law beside the roles: those that must exist, and names that may be columns or not.

    `own` has the columns that the user named for inputs that are not roles.
    """
    own = own or {}
    if is_formula(law):
        from scaling_cli.formula.tree import parse

        return listed(own), tuple(parse(law, has_levels=True).names())
    maybe = () if law in ("auto", "all") else tuple(name for name in find_law(law).inputs if name not in ROLES)
    return (*_asked(law, x), *listed(own)), tuple(name for name in maybe if name not in ("x", *own))


def check_floors(choice: Choice, fix: Mapping[str, float], frame: pl.DataFrame) -> None:
    """Refuse a floor that is held above most of the losses, which no other parameter can make up for.

    Raises:
        UsageError: There is one.
    """
    losses = frame["loss"]
    for parameter in choice.law.parameters:
        floor = fix.get(parameter.name)
        if parameter.kind == "floor" and floor is not None and (below := int((losses < floor).sum())) > len(losses) / 2:
            raise UsageError(
                f"--fix holds {parameter.name} at {floor:g}, but {below:,} of {len(losses):,} losses lie below that, "
                f"and a loss cannot be below {parameter.name}.",
                hint=f"Hold it below {float(losses.min()):.4g}, the smallest loss, or leave it out of --fix.",  # type: ignore[arg-type]
            )


def check_law(law: str) -> None:
    """Refuse the name of an unknown law before the runs are read.

    Raises:
        UsageError: There is no such law.
    """
    if law not in ("auto", "all") and not is_formula(law):
        find_law(law)


def checkpoints_of(law: str, asked: str) -> str:
    """Which rows of a run count: all of them for a law of whole training curves, whatever was asked."""
    is_open = law in ("auto", "all") or is_formula(law)
    return "all" if not is_open and find_law(law).is_curve else asked


def choose(
    frame: pl.DataFrame,
    law: str,
    x: str | None,
    *,
    by: Sequence[str] = (),
    start: Mapping[str, float] | None = None,
    bound: Mapping[str, tuple[float, float]] | None = None,
    own: Mapping[str, str] | None = None,
    others: Sequence[str] = (),
) -> Choice:
    """The law to fit to the points of `frame`, from the name the user gave (`auto` leaves it open), or the formula.

    `by` are the columns whose groups will be fitted separately, all to this law. `own` has the columns of inputs that
    are not roles. `others` are columns without a role.

    Raises:
        UsageError: No such law, or `x`, `start` or `bound` does not go with it.
        DataError: The law needs a column that the data do not have.
    """
    _refuse_one(frame)
    own = own or {}
    check_named(frame, law, own)
    if is_formula(law):
        return _written(frame, law, x, start, bound)
    if start or bound:
        raise UsageError(
            f"--start and --bound can be used only with a formula{'' if law == 'auto' else f', not with {law}'}.",
            hint="Write the law as a formula with --law, or leave them out. To hold a parameter at a value, use --fix.",
        )
    if law == "auto":
        return _automatic(frame, x, by, others)
    if law in FAMILIES:
        return _family(frame, law, tuple(own[MIXTURE].split(",")) if MIXTURE in own else _asked(law, x), others)
    named = find_law(law)
    if named.inputs == ("x",):
        column = column_of(frame.columns, x) if x else _one_input(frame, others)
        return Choice(named, {"x": _require(frame, named, column, others)})
    if "x" in named.inputs:
        own = {**own, "x": column_of(frame.columns, x) if x else _one_input(frame, others)}
    elif x is not None:
        raise UsageError(
            f"--x gives one input, but {law} takes {with_and(named.inputs)}.",
            hint="Leave --x out, or choose a law of one input such as power-constant.",
        )
    return Choice(
        named, {name: _require(frame, named, own.get(name, name), others, name=name) for name in named.inputs}
    )


def candidates(frame: pl.DataFrame, x: str | None) -> list[Choice]:
    """Every law that the columns of `frame` can support: surfaces where params and tokens make one, else curves.

    Raises:
        DataError: There is no column to fit along.
    """
    from scaling_cli.laws import LAWS

    _refuse_one(frame)
    first = _automatic(frame, x)
    if first.law.inputs == ("x",):
        return [Choice(law, first.inputs) for law in LAWS if law.inputs == ("x",) and law.is_ranked and not law.narrow]
    known = _known(frame, *SURFACE)
    return [
        Choice(law, {name: name for name in law.inputs})
        for law in LAWS
        if law.is_ranked and has_params_and_tokens(law.inputs) and all(_is_complete(known, name) for name in law.inputs)
    ]


def _refuse_one(frame: pl.DataFrame) -> None:
    if frame.height == 1:
        raise DataError(
            "The data have only one point, but a fit needs several different points.",
            hint="Add runs, or give --checkpoints all if the log has more rows of this run.",
        )


def _asked(law: str, x: str | None) -> tuple[str, ...]:
    if x is None:
        return ()
    return tuple(column.strip() for column in x.split(",") if column.strip()) if law in FAMILIES else (x,)


def _family(frame: pl.DataFrame, law: str, asked: tuple[str, ...], others: Sequence[str]) -> Choice:
    """A law of any columns, over those asked for, or over those that it has most often."""
    usual = {"precision": ("bits",), "sweep-optimum": ("lr",)}.get(law, ("params", "tokens"))
    if law.startswith(MIXTURE) and not asked:
        raise without_shares(law)
    if len(set(asked)) < len(asked):
        raise UsageError(f"--x names a column twice: {', '.join(asked)}.", hint="Name each column once.")
    family = find_law(law, asked or usual)
    own = {name: column_of(frame.columns, name) if asked else name for name in family.inputs}
    choice = Choice(family, {name: _require(frame, family, column, others) for name, column in own.items()})
    if family.shares and asked:
        check_mixture(frame, [choice.inputs[name] for name in family.shares])
    return choice


def _written(
    frame: pl.DataFrame,
    text: str,
    x: str | None,
    start: Mapping[str, float] | None,
    bound: Mapping[str, tuple[float, float]] | None,
) -> Choice:
    if x is not None:
        raise UsageError("--x cannot be used with a formula.", hint="Write the column's name in the formula.")
    from scaling_cli.laws.custom import indices, law_from_formula
    from scaling_cli.laws.grouped import LEVEL
    from scaling_cli.points.labels import labels_of, require_shared

    indexed = indices(text)
    taken = [name for name in frame.columns if name != "loss" and (name != "run_id" or name in indexed)]
    columns = [name.removeprefix(COLUMN) for name in taken]
    levels = {name: labels_of(frame[column_of(frame.columns, name)]) for name in indexed if name in columns}
    require_shared(levels, frame.height)
    written = law_from_formula(text, columns, start=start, bound=bound, levels=levels)
    return Choice(written, {name: column_of(frame.columns, name.removeprefix(LEVEL)) for name in written.inputs})


def _automatic(frame: pl.DataFrame, x: str | None, by: Sequence[str] = (), others: Sequence[str] = ()) -> Choice:
    """One law for all groups, so that they can be compared: the one that at least half of them support."""
    parts = frame.partition_by([label_of(frame, name) for name in by]) if by else [frame]
    if x is not None:
        reason = f"{x} was asked for"
    elif not _is_known(frame, *SURFACE):
        reason = _unknown(frame)
    else:
        against = [objection for part in parts if (objection := _against_surface(_known(part, *SURFACE)))]
        if len(against) < len(parts) and 2 * len(against) <= len(parts):
            where = f" in {len(parts) - len(against)} of {len(parts)} groups" if against else ""
            return Choice(
                find_law("chinchilla"),
                {"params": "params", "tokens": "tokens"},
                f"params and tokens both vary, and not in proportion{where}",
            )
        reason = against[0]
    return _curve(parts, column_of(frame.columns, x) if x else _one_input(frame, others), reason)


def _curve(parts: Sequence[pl.DataFrame], column: str, reason: str) -> Choice:
    """A law of one input, with a floor if half of the groups can show one."""
    numbers = sorted(different_known(part[column]) for part in parts if column in part.columns)
    different = numbers[len(numbers) // 2] if numbers else 0
    if different >= FLOOR_VALUES:
        name, why = "power-constant", f"{different} different values of {column} are enough to show a floor"
    else:
        name, why = "power", f"{different} different values of {column} are too few to show a floor"
    law = find_law(name)
    return Choice(law, {"x": _require(parts[0], law, column)}, f"{reason}; {why}")


def _against_surface(frame: pl.DataFrame) -> str | None:
    """Why a surface of params and tokens would not do; None if it would."""
    ratio = frame["tokens"] / frame["params"]
    if len(frame) < SURFACE_POINTS:
        return f"{len(frame)} points are too few for a surface of params and tokens"
    if frame["params"].n_unique() < 3 or frame["tokens"].n_unique() < 3:
        return "params and tokens need three different values each"
    if float(ratio.quantile(0.9)) < SURFACE_SPAN * float(ratio.quantile(0.1)):  # type: ignore[arg-type]
        return "tokens per param are fixed"
    return None


def _is_known(frame: pl.DataFrame, *columns: str) -> bool:
    """Whether most points have a value in each of the columns."""
    return set(columns) <= set(frame.columns) and len(_known(frame, *columns)) > MOST * len(frame)


def _known(frame: pl.DataFrame, *columns: str) -> pl.DataFrame:
    """The points that have a value in each of the columns."""
    return frame.drop_nulls(list(columns)) if any(frame[name].null_count() for name in columns) else frame


def _unknown(frame: pl.DataFrame) -> str:
    if not has_params_and_tokens(frame.columns):
        return "params and tokens are not both known"
    return f"params and tokens are both known for only {len(_known(frame, *SURFACE)):,} of {len(frame):,} points"


def _is_complete(frame: pl.DataFrame, column: str) -> bool:
    return column in frame.columns and frame[column].null_count() == 0


def _one_input(frame: pl.DataFrame, others: Sequence[str]) -> str:
    """The first of the usual inputs that takes at least two values, those that most points have before others."""
    varying = [name for name in ONE_INPUT_ORDER if name in frame.columns and different_known(frame[name]) > 1]
    for name in [*(name for name in varying if _is_known(frame, name)), *varying]:
        return name
    sized = sized_names(frame["run_id"]) if "run_id" in frame.columns and "params" not in frame.columns else None
    from_names = f", or take params from names such as {sized[0]}: --params-from-name {sized[1]!r}" if sized else ""
    alike = next((name for name in ("step", "tokens") if name in frame.columns and len(frame) > 1), None)
    earlier = f", or give --checkpoints all if runs also have rows at other {alike.removesuffix('s')}s" if alike else ""
    raise DataError(
        f"The law has no input: no column for {', '.join(ONE_INPUT_ORDER[:-1])} or {ONE_INPUT_ORDER[-1]} takes more "
        "than one value.",
        hint=f"Name the input with --x COLUMN, or with --compute, --tokens or --params{from_names}{earlier}."
        + (f" Columns that were not read: {listing(others)}." if others else ""),
    )


def _require(frame: pl.DataFrame, law: Law, column: str, others: Sequence[str] = (), *, name: str = "") -> str:
    if column not in frame.columns:
        raise no_column(column, others, who=law.name)
    if name not in law.flags and not frame[column].dtype.is_numeric():
        raise UsageError(
            f"Column {column} does not have a number in every row: it has {frame[column].drop_nulls().first()!r}.",
            hint="Choose another column with --x, or correct the cells.",
        )
    if column == "loss" or frame[column].equals(frame["loss"]):
        raise UsageError(
            f"Column {column} would be both the input and the loss of the law.",
            hint="Choose another input with --x, or another loss with --loss.",
        )
    return column
