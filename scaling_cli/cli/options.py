"""Options that commands share, as groups of typed fields, and how a group becomes options.

A command takes groups as parameters; `flatten` gives typer a function with one parameter a field. So an option is
written once, and every command that takes its group has it.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_type_hints

import typer

from scaling_cli.errors import UsageError
from scaling_cli.jobs import Workers, workers_from
from scaling_cli.record import record

if TYPE_CHECKING:
    from scaling_cli.data.load import Reading

RunsArgument = Annotated[
    list[str],
    typer.Argument(
        metavar="RUNS...",
        help="Files with one row a run or checkpoint, folders of them, globs, @LIST, or - for stdin: CSV, TSV, "
        "Parquet, JSON (lines), Trainer states, TensorBoard, Megatron and W&B exports, also packed by gzip or zstd.",
    ),
]


def _law_names(incomplete: str) -> list[str]:
    from scaling_cli.laws import LAWS

    return [name for name in ("auto", "all", *(law.name for law in LAWS)) if name.startswith(incomplete)]


@record
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
        typer.Option(help="Unit of the loss, for the record."),
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
        return [column.strip() for text in self.by for column in text.split(",") if column.strip()]

    def _shorthands(self) -> tuple[tuple[str, str | None], ...]:
        return (
            ("loss", self.loss), ("params", self.params), ("tokens", self.tokens), ("compute", self.compute),
            ("run_id", self.run), ("step", self.step),
        )  # fmt: skip


@record
class FitOptions:
    """How to fit."""

    law: Annotated[
        str,
        typer.Option(
            metavar="NAME|FORMULA",
            help="Law to fit, see `scaling laws`; all ranks them; or a formula: 'E + A*params**-alpha'.",
            autocompletion=_law_names,
        ),
    ] = "auto"
    x: Annotated[
        str | None, typer.Option(metavar="COL[,COL]", help="Input of a law of one input, or of any columns.")
    ] = None
    fix: Annotated[list[str], typer.Option(metavar="NAME=VALUE", help="Hold a parameter at a value. Repeatable.")] = (
        dataclasses.field(default_factory=list)
    )
    tie: Annotated[
        list[str], typer.Option(metavar="NAME=NAME", help="Hold two parameters equal: alpha=beta. Repeatable.")
    ] = dataclasses.field(default_factory=list)
    start: Annotated[
        list[str], typer.Option(metavar="NAME=VALUE", help="For a formula: where to start a parameter. Repeatable.")
    ] = dataclasses.field(default_factory=list)
    bound: Annotated[
        list[str],
        typer.Option(metavar="NAME=LOW,HIGH", help="For a formula: bounds of a parameter; one may be empty."),
    ] = dataclasses.field(default_factory=list)
    objective: Annotated[
        Literal["huber", "lad", "least-squares"], typer.Option(help="What is minimised over the residuals.")
    ] = "huber"
    delta: Annotated[
        str,
        typer.Option(metavar="NUMBER|auto", help="Where huber turns straight; auto is 1.345 robust scales."),
    ] = "auto"
    weight: Annotated[str | None, typer.Option(metavar="COL", help="Column of the points' weights.")] = None
    scale_weight: Annotated[
        float, typer.Option(metavar="0.5|1|1.5", help="Weigh points by this power of compute, or of the one input.")
    ] = 0.0
    prior: Annotated[Literal["none", "weak"], typer.Option(help="Believe a little in usual exponents and floors.")] = (
        "none"
    )
    space: Annotated[Literal["log", "linear"], typer.Option(help="Residuals of log loss, or of loss.")] = "log"
    interval: Annotated[
        Literal["wild", "bootstrap", "bca", "profile", "sandwich", "t", "none"],
        typer.Option(help="How intervals are made; see docs/calibration.md."),
    ] = "wild"
    level: Annotated[float, typer.Option(help="Level of the intervals.")] = 0.95
    replicates: Annotated[int, typer.Option(help="Replicates of wild, bootstrap and bca.")] = 1000
    seed: Annotated[int, typer.Option(help="Seed of everything random.")] = 0
    jobs: Annotated[str, typer.Option(metavar="N|auto", help="Processes to spread replicates or files over.")] = "1"
    spread: Annotated[bool, typer.Option("--spread", help="Tell what other objectives say, too.")] = False
    backend: Annotated[
        Literal["serial", "loky", "dask", "ray"] | None, typer.Option(help="Who runs the processes.")
    ] = None
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="The dask or ray cluster to use; by default, a local one.")
    ] = None

    def workers(self) -> Workers:
        """Who does the work."""
        return workers_from(self.jobs, self.backend, self.scheduler)

    def fixed(self) -> dict[str, float]:
        """Parameter to value, from `--fix`."""
        from scaling_cli.data.numbers import parse_number

        return {name: parse_number(value) for name, value in _pairs(self.fix, "--fix", "alpha=0.34")}

    def started(self) -> dict[str, float]:
        """Parameter to value, from `--start`."""
        from scaling_cli.data.numbers import parse_number

        return {name: parse_number(value) for name, value in _pairs(self.start, "--start", "alpha=0.3")}

    def bounded(self) -> dict[str, tuple[float, float]]:
        """Parameter to its least and greatest value, from `--bound`.

        Raises:
            UsageError: One has no comma, or does not name two numbers.
        """
        from scaling_cli.data.numbers import parse_number

        found = {}
        for name, ends in _pairs(self.bound, "--bound", "alpha=0,1"):
            low, comma, high = (end.strip() for end in ends.partition(","))
            if not comma:
                raise UsageError(f"--bound {name} is {ends!r}.", hint="Write both ends: --bound alpha=0,1 or alpha=0,")
            found[name] = (parse_number(low) if low else -float("inf"), parse_number(high) if high else float("inf"))
        return found

    def tied(self) -> list[tuple[str, str]]:
        """Pairs of parameters, from `--tie`."""
        return _pairs(self.tie, "--tie", "alpha=beta")


@record
class BatchOptions:
    """Many files, each on its own."""

    per_file: Annotated[
        bool, typer.Option("--per-file", help="Each file is a group of its own; a bad one is reported, the rest go on.")
    ] = False
    resume: Annotated[
        bool,
        typer.Option("--resume", help="With --per-file -o FILE.jsonl: keep what FILE has, by content; retry failures."),
    ] = False


def _pairs(texts: list[str], option: str, example: str) -> list[tuple[str, str]]:
    """Both sides of each `LEFT=RIGHT`.

    Raises:
        UsageError: One has no `=`, or nothing on a side, or a left side occurs twice.
    """
    found: list[tuple[str, str]] = []
    for text in texts:
        left, separator, right = (part.strip() for part in text.partition("="))
        if not (separator and left and right):
            raise UsageError(f"{option} is {text!r}.", hint=f"Write it like {option} {example}.")
        if option != "--tie" and left in [name for name, _ in found]:
            raise UsageError(f"{option} names {left} twice.", hint="Give it once.")
        found.append((left, right))
    return found


@record
class OutputOptions:
    """What to print, and where."""

    format: Annotated[
        Literal["table", "plain", "json", "jsonl", "csv", "md", "latex"],
        typer.Option(help="Form of the result."),
    ] = "table"
    json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False
    output: Annotated[str | None, typer.Option("--output", "-o", metavar="FILE", help="Write here, not to stdout.")] = (
        None
    )
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
        typer.Option(metavar="TEST", help="Exit code 5 where this holds: 'alpha.low < 0.2'. Repeatable."),
    ] = dataclasses.field(default_factory=list)


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
