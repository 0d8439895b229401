"""What a command is: its options, its argument, its help."""

from __future__ import annotations

from scaling_cli.input_formats import SUFFIXES
from scaling_cli.options.option import Option, Options
from scaling_cli.options.output import Output
from scaling_cli.record import Record

RUNS_HELP = (
    "Files with one row per run or checkpoint, folders or globs of such files, @LIST (a file with one path per "
    "line), or - for stdin. Formats: CSV, TSV, Parquet, JSON, JSON lines, trainer_state.json, TensorBoard events, "
    "Megatron logs and W&B exports, also compressed with gzip or zstd."
)


class Argument(Record, kw_only=True):
    """What stands on the command line without a flag.

    `suffixes` are those of its files in folders, where earlier results are passed over; if it takes
    results, forecasts among them are read. If it takes fits, a saved or published fit can stand in place of runs.
    """

    name: str
    metavar: str
    help: str
    python: str
    is_list: bool = True
    is_needed: bool = True
    suffixes: tuple[str, ...] = SUFFIXES
    takes_results: bool = False
    takes_fits: bool = False


RUNS = Argument(name="runs", metavar="RUNS...", help=RUNS_HELP, python="Runs")
RUNS_FIT_OR_NONE = Argument(
    name="runs", metavar="[RUNS...|FIT.json]",
    help=f"{RUNS_HELP} Or one saved fit (scaling fit -o FIT.json). "
    "Or none, with --law NAME:FIT (`scaling laws NAME` lists the published fits).",
    python="Runs | Answer[FitResult] | None", is_needed=False, takes_fits=True,
)  # fmt: skip


class Command(Record, kw_only=True):
    """A command: what `--help` says of it, and what it takes.

    Attributes:
        about: One paragraph.
        argument: What stands without a flag.
        options: The class of its options, in the shell and in the library.
        shell: Classes of options that only the shell has.
        examples: Command lines, each with what it does.
        progress: What the progress bar counts; empty for commands that show none.
    """

    about: str
    argument: Argument
    options: type[Options]
    shell: tuple[type[Options], ...] = (Output,)
    examples: tuple[tuple[str, str], ...]
    progress: str = ""

    @property
    def all_options(self) -> list[Option]:
        """All options in the shell, those that the library has, too, first."""
        return [option for part in (self.options, *self.shell) for option in part.options.values()]
