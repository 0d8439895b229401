"""Options that commands share, as groups of typed fields, and how a group becomes options.

A command takes groups as parameters; `flatten` gives typer a function with one parameter a field. So an option is
written once, and every command that takes its group has it.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from scaling_cli.errors import UsageError
from scaling_cli.report.pages.formats import FORMATS

if TYPE_CHECKING:
    from scaling_cli.data.runs.load import Reading

    FormatName = str
else:
    FormatName = Literal[tuple(FORMATS)]


def share(text: str | float) -> float:
    """A share as options take it: `0.4` or `40%`."""
    from scaling_cli.numbers.parse import parse_share

    try:
        return parse_share(str(text))
    except UsageError as error:
        raise typer.BadParameter(f"{error.message} Write it like 0.4 or 40%.") from None


RunsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="RUNS...",
        help="Files with one row a run or checkpoint, folders of them, globs, @LIST, or - for stdin: CSV, TSV, "
        "Parquet, JSON (lines), Trainer states, TensorBoard, Megatron and W&B exports, also packed by gzip or zstd.",
    ),
]


@dataclasses.dataclass(frozen=True)
class DataOptions:
    """Which rows and columns to read."""

    map: Annotated[
        list[str],
        typer.Option(metavar="ROLE=COLUMN", help="Column for a role, such as loss=eval/loss. Repeatable."),
    ] = dataclasses.field(default_factory=list)
    loss: Annotated[str | None, typer.Option(metavar="COL", help="Column of the loss.")] = None
    params: Annotated[str | None, typer.Option(metavar="COL", help="Column of the parameter count.")] = None
    tokens: Annotated[str | None, typer.Option(metavar="COL", help="Column of the training tokens.")] = None
    compute: Annotated[
        str | None, typer.Option(metavar="COL", help="Column of the compute; none takes 6*params*tokens.")
    ] = None
    flops_rule: Annotated[
        str, typer.Option(metavar="6ND|non-embedding|attention|FORMULA", help="Training FLOPs of a run.")
    ] = "6ND"
    run: Annotated[str | None, typer.Option(metavar="COL", help="Column that names the run.")] = None
    step: Annotated[str | None, typer.Option(metavar="COL", help="Column of the training step.")] = None
    where: Annotated[str | None, typer.Option(metavar="SQL", help="Keep rows where this holds: 'params > 1e8'.")] = None
    by: Annotated[
        list[str], typer.Option(metavar="COL[,COL]", help="Fit each group of these columns' values apart.")
    ] = dataclasses.field(default_factory=list)

    checkpoints: Annotated[
        Literal["final", "all", "best"],
        typer.Option(help="Which rows of a run count: its last step, all, or its lowest loss."),
    ] = "final"
    skip_tokens: Annotated[str | None, typer.Option(metavar="N", help="Pass over rows before N tokens, as 10B.")] = None
    sample_at: Annotated[
        str | None,
        typer.Option(metavar="ROLE=N,...", help="Means around amounts instead of rows: tokens=1B,2B (5 % wide)."),
    ] = None
    smooth: Annotated[
        str | None, typer.Option(metavar="SHARE", help="Average the loss over the last share of a run, as 5%.")
    ] = None
    params_from_name: Annotated[
        str | None, typer.Option(metavar="REGEX", help="Find params in the run's name: 'n([0-9.]+[MB])'.")
    ] = None
    loss_unit: Annotated[
        Literal["nats", "bits", "bits-per-byte", "perplexity", "accuracy", "other"],
        typer.Option(help="Unit of the loss, for the record; the log of perplexity is fitted."),
    ] = "nats"
    input_format: Annotated[
        Literal["csv", "tsv", "parquet", "jsonl", "json", "trainer-state", "tensorboard", "megatron", "wandb-chart"]
        | None,
        typer.Option(help="Format of all inputs; by default their content shows it."),
    ] = None

    def reading(self) -> Reading:
        """The options that say which rows and columns count, as the library's verbs take them."""
        return {
            "mapping": self.mapping(),
            "where": self.where,
            "checkpoints": self.checkpoints,
            "skip_tokens": self.skip_tokens,
            "sample_at": self.sample_at,
            "smooth": self.smooth,
            "params_from_name": self.params_from_name,
            "loss_unit": self.loss_unit,
            "input_format": self.input_format,
            "flops_rule": self.flops_rule,
        }

    def mapping(self) -> dict[str, str]:
        """Role to column, from `--map` and its shorthands.

        Raises:
            UsageError: A mapping has no `=`, or a role is given two columns.
        """
        pairs = [(role, column) for role, column in self._shorthands() if column is not None]
        for text in self.map:
            role, separator, column = text.partition("=")
            if not (separator and role.strip() and column.strip()):
                raise UsageError(f"--map is {text!r}.", hint="Write ROLE=COLUMN, such as --map loss=eval/loss.")
            pairs.append((role.strip(), column.strip()))
        found: dict[str, str] = {}
        for role, column in pairs:
            if found.setdefault(role, column) != column:
                raise UsageError(
                    f"{role} is mapped to both {found[role]!r} and {column!r}.",
                    hint="Give one column a role.",
                )
        return found

    def groups(self) -> list[str]:
        """Columns of `--by`, given with commas or repeated."""
        return listed(self.by)

    def _shorthands(self) -> tuple[tuple[str, str | None], ...]:
        return (
            ("loss", self.loss), ("params", self.params), ("tokens", self.tokens), ("compute", self.compute),
            ("run_id", self.run), ("step", self.step),
        )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class OutputOptions:
    """What to print, and where."""

    format: Annotated[
        FormatName,
        typer.Option(help="Form of the result."),
    ] = "table"
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write here, not to stdout; the suffix chooses the form."),
    ] = None
    draws: Annotated[bool, typer.Option(help="Keep the replicates in JSON, for later intervals.")] = True
    plot: Annotated[
        Literal["auto", "never", "unicode", "ascii"],
        typer.Option(help="Plot in the terminal; auto: on a terminal."),
    ] = "auto"
    figure: Annotated[
        list[str],
        typer.Option(metavar="FILE", help="Draw the plot in a file too: .png, .svg, .pdf or .html. Repeatable."),
    ] = dataclasses.field(default_factory=list)
    report: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write a page for others too: .html (with plots) or .md.")
    ] = None
    color: Annotated[Literal["auto", "always", "never"], typer.Option(help="Colour; auto: on a terminal.")] = "auto"
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only errors on stderr.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say on stderr what was read and chosen.")] = False
    strict: Annotated[bool, typer.Option("--strict", help="A caveat is an error: exit code 4.")] = False
    allow: Annotated[
        list[str], typer.Option(metavar="CODE", help="Under --strict, let this caveat pass. Repeatable.")
    ] = dataclasses.field(default_factory=list)
    fail_if: Annotated[
        list[str],
        typer.Option(
            metavar="TEST",
            help="Exit code 5 where this holds of any result: 'alpha.low < 0.2', 'loss.high > 2', "
            "'coverage[k=100] < 0.9', 'verdict == different'. A mistyped name lists those there are. Repeatable.",
        ),
    ] = dataclasses.field(default_factory=list)


def listed(texts: Sequence[str]) -> list[str]:
    """What is given with commas, or repeated, or both."""
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def flatten(command: Callable[..., int]) -> Callable[..., int]:
    """`command` with each parameter that is a group of options replaced by the group's fields, for typer."""
    hints = get_type_hints(command, include_extras=True)
    groups: dict[str, Any] = {name: kind for name, kind in hints.items() if dataclasses.is_dataclass(kind)}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        if parameter.name in groups:
            parameters += _options(groups[parameter.name])
        else:
            annotated = hints[parameter.name]
            parameters.append(parameter.replace(annotation=annotated, kind=inspect.Parameter.KEYWORD_ONLY))

    def gathered(**values: Any) -> int:
        for name, kind in groups.items():
            fields = [field.name for field in dataclasses.fields(kind)]
            values[name] = kind(**{field: values.pop(field) for field in fields})
        return command(**values)

    gathered.__doc__ = command.__doc__
    gathered.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    gathered.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return gathered


def _options(group: Any) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=hints[field.name],
            default=field.default if field.default is not dataclasses.MISSING else [],
        )
        for field in dataclasses.fields(group)
    ]
