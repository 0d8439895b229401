"""Which columns of the input are used, and for what: the roles, the groups, and columns kept under their own names."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

import polars as pl

from scaling_cli.data import cells
from scaling_cli.data.loss_names import AUXILIARY, NOT_LOSSES
from scaling_cli.data.names import COLUMN, in_sql, listing, normalise, unknown
from scaling_cli.data.runs import derive
from scaling_cli.data.runs.aliases import MEASURES, is_loss, is_of_training
from scaling_cli.data.runs.columns import IGNORE, Chosen, choose_columns
from scaling_cli.data.runs.formulas import Formula
from scaling_cli.errors import DataError, UsageError
from scaling_cli.numbers.units import PERPLEXITY, metric_unit
from scaling_cli.record import Record, replace

COLUMN_NAME = r"[\w./-]+"  # the first line of a text that is not a table has other characters
RUN_BY_FILE = "name of the file"
LONG_FORM = (
    ("value", "val", "values", "metric_value", "metricvalue"),
    ("metric", "metric_name", "metricname", "name", "key", "tag", "variable"),
)
# Words for what stands beside a measured loss and is none, or not that of the end of a run.
BESIDE_LOSS = {
    *("predicted", "prediction", "pred", "predictions", "fitted", "expected", "residual", "error", "delta", "diff"),
    *("best", "min", "lowest", "minimum", "std", "stderr", "se", "sem", "var", "variance", "ema", "smoothed", "sum"),
    *("teacher", "reference", "baseline", "target", *AUXILIARY, *NOT_LOSSES),
}


class Plan(Record):
    """Which columns are read, and for what.

    Attributes:
        chosen: The column of each role.
        derived: The role that is computed from the others, with its formula.
        by: The column of each group.
        keep: The column behind each other name to keep.
        other_losses: Columns that could be the loss but were not chosen.
        run_is_file: Whether some files are one run each.
        are_tables: Whether these files turned out to be tables of runs, so that none gives its name to a run.
        params_pattern: A regular expression that finds params in the names of runs.
        has_reused_names: Whether rows have the column `canonical.PREFIX`.
        takes_log: Whether the column of the loss holds perplexities.
        seed: The column that distinguishes runs of the same name.
        formulas: Those that the user gave in place of columns.
    """

    chosen: dict[str, Chosen]
    derived: dict[str, str]
    by: dict[str, str]
    keep: dict[str, str]
    other_losses: tuple[str, ...] = ()
    run_is_file: bool = False
    are_tables: bool = False
    params_pattern: str | None = None
    has_reused_names: bool = False
    takes_log: bool = False
    seed: str | None = None
    formulas: tuple[Formula, ...] = ()

    @property
    def computed(self) -> tuple[str, ...]:
        """The columns that are formulas."""
        return tuple(formula.text for formula in self.formulas)

    @property
    def has_runs(self) -> bool:
        """Whether rows have names of runs."""
        return self.run_is_file or "run_id" in self.chosen

    @property
    def has_curves(self) -> bool:
        """Whether rows are steps of runs."""
        return self.has_runs and "step" in self.chosen

    @property
    def measures(self) -> tuple[str, ...]:
        """The roles in which every row needs a usable value."""
        return tuple(role for role in MEASURES if role in self.chosen)

    @property
    def columns(self) -> dict[str, str]:
        """The column or formula behind each role of the finished table."""
        roles = {role: chosen.column for role, chosen in self.chosen.items()}
        if self.run_is_file and not self.are_tables:
            named = [roles.pop("run_id")] if "run_id" in roles else []
            roles = {"run_id": ", else ".join([*named, RUN_BY_FILE])} | roles
        if self.params_pattern is not None:
            roles["params"] = f"{self.params_pattern} in the name of the run"
        if self.takes_log:
            roles["loss"] = f"ln({roles['loss']})"
        return roles | self.derived


def make_plan(
    names: Sequence[str],
    mapping: Mapping[str, str],
    by: Sequence[str],
    keep: Sequence[str],
    params_pattern: str | None = None,
    files: Mapping[str, int] | None = None,
    formulas: Sequence[Formula] = (),
) -> Plan:
    """The plan for these columns; with `params_pattern`, params come from the names of runs, not from a column.

    `files` counts the files that have each column, and `names` include the columns that `formulas` give.

    Raises:
        UsageError: A column does not exist, or two fit a role equally well.
        DataError: No column holds a loss.
    """
    if params_pattern is not None:
        mapping = {**mapping, "params": IGNORE}
    chosen = choose_columns(names, mapping, files, [formula.text for formula in formulas])
    if mapping.get("loss") == IGNORE:
        raise DataError(
            "--loss none leaves nothing to fit.", hint="Leave it out, or choose the column of the loss: --loss COLUMN."
        )
    if "loss" not in chosen:
        raise _no_loss(names)
    known = [*chosen, *(["params"] if params_pattern is not None else [])]
    derived = derive.derivable(known, [role for role, column in mapping.items() if column == IGNORE])
    groups = {name: _column(name, names, chosen) for name in by}
    if chosen["loss"].column in groups.values():
        raise UsageError(
            f"Runs cannot be grouped by {chosen['loss'].column!r}, because it is the loss to be fitted.",
            hint="Name a column that the runs of a group have in common, such as an architecture.",
        )
    own = [name for name in keep if _is_beside_role(name, names, chosen)]
    others = {name: _column(name, names, chosen) for name in keep if name not in (*known, *derived, *by)}
    others |= {COLUMN + name: name for name in own}
    plan = Plan(chosen, derived, groups, others, params_pattern=params_pattern, formulas=tuple(formulas))
    read = (chosen["loss"].column, *plan.computed)
    return replace(plan, other_losses=tuple(name for name in names if is_loss(name) and name not in read))


def _is_beside_role(name: str, names: Sequence[str], chosen: Mapping[str, Chosen]) -> bool:
    """Whether a name is a column of the file, while the role of that name is read from another column."""
    return name in names and name in chosen and chosen[name].column != name


def _column(name: str, names: Sequence[str], chosen: Mapping[str, Chosen]) -> str:
    """The column that `name`, a column or a role, stands for."""
    if name in names:
        return name
    if name in chosen:
        return chosen[name].column
    raise unknown("column", name, names)


def _long_form(names: Sequence[str]) -> tuple[str, str] | None:
    """The columns of the value and of the name of a metric, in a table with one metric per row."""
    value, kind = (next((name for name in names if normalise(name) in words), None) for words in LONG_FORM)
    return None if value is None or kind is None else (value, kind)


def _no_loss(names: Sequence[str]) -> DataError:
    likely = [name for name in names if "loss" in normalise(name)]
    measured = [name for name in likely if not set(normalise(name).split("_")) & BESIDE_LOSS]
    # The loss on held-out data comes first.
    example = next(iter(sorted(measured or likely, key=is_of_training)), "COLUMN")
    hint = f"Choose it with --map {shlex.quote(f'loss={example}')}."
    metrics = [(name, unit) for name in names if (unit := metric_unit(normalise(name)))]
    if metrics and not likely:
        name, unit = metrics[0]
        metric = f"the logarithm of {name}, a loss in nats" if unit == PERPLEXITY else name
        hint = f"To fit {metric}, give --loss {shlex.quote(name)} --loss-unit {unit}."
    if not likely and (long := _long_form(names)):
        value, kind = long
        hint = (
            f"If each row holds one of several metrics, give --loss {shlex.quote(value)} and keep the rows of one: "
            f"--where {shlex.quote(f'{in_sql(kind)} = ...')}."
        )
    if names and not cells.read_numbers(pl.Series(names, dtype=pl.String)).has_nulls():
        hint = "The first line holds numbers; add a header line with the names of the columns."
    elif names and (
        names[0].startswith(("#", "sep=")) or (len(names) == 1 and not re.fullmatch(COLUMN_NAME, names[0]))
    ):
        hint = (
            "The first line must be the names of the columns, separated by commas, tabs, semicolons or bars; remove "
            "the lines before it."
        )
    return DataError(f"No column could be identified as the loss among: {listing(likely or names)}.", hint=hint)
