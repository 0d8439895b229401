"""What to print, and where; for the shell alone."""

from __future__ import annotations

from typing import Any

from scaling_cli.options.formats import FORMATS, suffixes
from scaling_cli.options.kinds import FILE, SWITCH, TEXT, TEXTS, choice, whole
from scaling_cli.options.option import Options, changed, option

PLOTS = ("auto", "never", "unicode", "ascii")
COLORS = ("auto", "always", "never")
LAUNCH_SUFFIXES = (".csv", ".jsonl")
FILES = changed(TEXTS, metavar="FILE")
STDOUT = "-"  # as a name of a file


def _file_or_stdout(given: Any, flag: str) -> str | None:
    name: str = FILE.read(given, flag)
    return None if name == STDOUT else name


FILE_OR_STDOUT = changed(FILE, read=_file_or_stdout)


class Output(Options):
    """What to print, and where."""

    heading = "Output"

    format: str = option("table", choice(*FORMATS), "Format of the result.", choices=tuple(FORMATS))
    json: bool = option(False, SWITCH, "Short for --format json.", is_basic=True)
    output: str | None = option(
        None,
        FILE_OR_STDOUT,
        "Write the result to this file, whose suffix chooses the format; -: to stdout.",
        letter="o",
        is_basic=True,
    )
    report: tuple[str, ...] = option(
        (),
        FILES,
        f"Also write the whole result, with caveats, to this file: {', '.join(suffixes(complete=True))}. Repeatable.",
        is_basic=True,
    )
    details: bool = option(
        False, SWITCH, "Show every table and number, not only the main ones; JSON, Markdown and HTML always have all."
    )
    color: str = option("auto", choice(*COLORS), "Whether to use colour; auto: only on a terminal.", choices=COLORS)
    quiet: bool = option(False, SWITCH, "Print no caveats and no progress; stderr gets only errors.", letter="q")
    verbose: bool = option(False, SWITCH, "Print on stderr which files, columns and options were used.", letter="v")
    strict: bool = option(False, SWITCH, "Treat caveats as errors (exit code 4).")
    allow: tuple[str, ...] = option((), TEXTS, "With --strict, accept this caveat. Repeatable.", metavar="CODE")
    fail_if: tuple[str, ...] = option(
        (), TEXTS, "Exit with code 5 if this holds for any result: 'alpha.low < 0.2'; see docs/gates.md. Repeatable.",
        metavar="TEST",
    )  # fmt: skip


class Drawn(Output):
    """Output of commands that draw."""

    plot: str = option(
        "auto", choice(*PLOTS), "Whether to draw a plot below the result; auto: only on a terminal.", choices=PLOTS
    )
    figure: tuple[str, ...] = option(
        (), FILES, "Also save the plot to this file: .png, .svg, .pdf or .html. Repeatable.", is_basic=True
    )
    figure_size: str | None = option(
        None, TEXT, "Size of figures: single (89 mm wide), double (183 mm), slide, or as 120x80mm or 7x4in.",
        metavar="SIZE",
    )  # fmt: skip
    dpi: int = option(300, whole(10, "300"), "Dots per inch of PNG figures.")
    title: str | None = option(None, TEXT, "Title above the figure and of reports.")
    style: str = option(
        "paper", TEXT, "Style of figures: paper, slide, or a style file of matplotlib.", metavar="STYLE"
    )


class Launched(Drawn):
    """Output of a plan, whose runs a program starts."""

    launch: tuple[str, ...] = option(
        (), FILES, f"Also write the runs to this file, one per line, for a job script: {', '.join(LAUNCH_SUFFIXES)}. "
        "Repeatable.",
        is_basic=True,
    )  # fmt: skip


class Saved(Drawn):
    """Output of a fit, which later commands read back."""

    draws: bool = option(
        True,
        SWITCH,
        "Store the replicates in JSON (the default); commands that read a saved fit need them for intervals.",
    )


class ToFile(Options):
    """Where to write, for commands whose output has one format."""

    heading = Output.heading

    output: str | None = changed(Output.output, help="Write to this file; -: to stdout, as without the option.")
