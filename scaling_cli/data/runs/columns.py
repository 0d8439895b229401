"""Which column is read for each role.

A mapping comes first, then the best alias (see `aliases`). Two columns that fit equally well are an error.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence

from scaling_cli.data.names import SHOWN, unknown
from scaling_cli.data.runs import costs
from scaling_cli.data.runs.aliases import EXTRAS, MEASURES, ROLES, roles_of, scale_of
from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import parse_number
from scaling_cli.record import Record

AMOUNTS = {"params": "params", "tokens": "tokens", "compute": "FLOPs"}  # roles that targets are made of
IGNORE = "none"  # a mapping to this leaves the role without a column


class Chosen(Record):
    """The column read for a role, and the factor that converts its values to FLOPs or plain counts."""

    column: str
    scale: float = 1.0


def choose_columns(
    names: Sequence[str],
    mapping: Mapping[str, str],
    files: Mapping[str, int] | None = None,
    computed: Collection[str] = (),
) -> dict[str, Chosen]:
    """Each role that has a column, in the order of `ROLES`; the mapping takes precedence over aliases.

    Args:
        names: The columns of the rows, computed ones included.
        mapping: Role to column.
        files: How many files have each column. A column that few files have does not replace one that most files have,
        so that one unusual file does not decide for a thousand others.
        computed: The columns that are formulas, whose names say nothing of their role or unit.

    Raises:
        UsageError: Two columns fit a role equally well, or the mapping names a role or column that does not exist.
    """
    _check_mapping(names, mapping)
    chosen: dict[str, Chosen] = {}
    for role, columns in candidates(names, mapping, files, computed).items():
        if len(columns) == 1:
            scale = 1.0 if columns[0] in computed else scale_of(role, columns[0])
            chosen[role] = Chosen(columns[0], scale)
        elif role not in (*EXTRAS, *costs.ALIASES):  # few laws read the extras, so a tie there must not stop all others
            raise _tie(role, columns)
    _refuse_shared(chosen)
    return chosen


def _tie(role: str, columns: Sequence[str]) -> UsageError:
    shown = [repr(column) for column in columns[:SHOWN]]
    last = shown.pop() if len(columns) <= SHOWN else f"{len(columns) - SHOWN} more"
    ways = [f"--map {shlex.quote(f'{role}={column}')}" for column in columns[:SHOWN]]
    return UsageError(
        f"Columns {', '.join(shown)} and {last} could {'both' if len(columns) == 2 else 'all'} be {role}.",
        hint=f"Choose one: {' or '.join(ways)}.",
    )


def candidates(
    names: Sequence[str],
    mapping: Mapping[str, str],
    files: Mapping[str, int] | None = None,
    computed: Collection[str] = (),
) -> dict[str, list[str]]:
    """The columns that fit each role best: one, or several that tie; in the order of `ROLES`.

    A mapping to a column that does not exist is ignored.
    """
    by_role: dict[str, list[tuple[float, str]]] = {}
    for name, (role, tier) in roles_of([name for name in names if name not in computed]).items():
        by_role.setdefault(role, []).append((tier, name))
    best = {role: _best(_widespread(by_role.get(role, []), files or {})) for role in ROLES}
    for role, column in mapping.items():
        if role in ROLES and (column in names or column == IGNORE):
            best[role] = [] if column == IGNORE else [column]
    return {role: columns for role, columns in best.items() if columns}


def _check_mapping(names: Sequence[str], mapping: Mapping[str, str]) -> None:
    for role, column in mapping.items():
        if role not in ROLES:
            raise unknown("role", role, ROLES)
        if column != IGNORE and column not in names:
            raise _is_amount(role, column) or unknown("column", column, names)


def _is_amount(role: str, column: str) -> UsageError | None:
    """The error for an amount in place of a column, such as `--params 7B`."""
    if role not in AMOUNTS:
        return None
    try:
        parse_number(column)
    except UsageError:
        return None
    return UsageError(
        f"--{role} names a column, and no column is called {column!r}.",
        hint=f"To predict the loss at {column} {AMOUNTS[role]}, give scaling extrapolate --at {role}={column}.",
    )


def _refuse_shared(chosen: Mapping[str, Chosen]) -> None:
    """Refuse one column for two measures, which happens if only one of them was mapped."""
    measures: dict[str, str] = {}
    for role in MEASURES:
        column = chosen[role].column if role in chosen else None
        if column is not None and (other := measures.setdefault(column, role)) != role:
            raise UsageError(
                f"Column {column!r} would be read as both {other} and {role}.",
                hint=f"Choose another with --{role} COLUMN or --{other} COLUMN, or do without one: --{role} none.",
            )


def _widespread(columns: list[tuple[float, str]], files: Mapping[str, int]) -> list[tuple[float, str]]:
    """The columns that occur in at least half as many files as the most frequent one."""
    most = max((files.get(name, 1) for _, name in columns), default=1)
    return [(tier, name) for tier, name in columns if 2 * files.get(name, 1) >= most]


def _best(columns: list[tuple[float, str]]) -> list[str]:
    best = min((tier for tier, _ in columns), default=0)
    return [name for tier, name in columns if tier == best]
