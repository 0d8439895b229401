"""Where results go and in which format, checked before long work."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from scaling_cli.errors import UsageError
from scaling_cli.options.formats import suffixes
from scaling_cli.options.output import LAUNCH_SUFFIXES, Drawn, Launched, Output, ToFile
from scaling_cli.report.pages.look import Look
from scaling_cli.report.written_files import check_apart, check_not_read, check_writable, is_device

if TYPE_CHECKING:
    from scaling_cli.report.charts.style import FigureStyle

SUFFIXES = suffixes()  # of -o, each with its format
REPORTS = suffixes(complete=True)  # of --report


def prepare_output(output: Output | ToFile, inputs: Callable[[], Iterable[str | int]]) -> None:
    """Check before long work what would fail after it: an unwritable file, a mistyped test or caveat code.

    `inputs` gives the files that the command reads, which it must not overwrite; it is asked where a file to write
    exists.

    Raises:
        UsageError: One of them.
        DataError: A disk can only be read.
    """
    figures = output.figure if isinstance(output, Drawn) else ()
    reports = output.report if isinstance(output, Output) else ()
    launches = output.launch if isinstance(output, Launched) else ()
    paths = [Path(name) for name in (*([output.output] if output.output else []), *reports, *figures, *launches)]
    for path in paths:
        check_writable(path)
    check_apart(paths)
    if existing := [path for path in paths if path.exists()]:
        check_not_read(existing, inputs())
    if isinstance(output, Output):
        _check_words(output)
        if output.output is not None and not output.json and output.format == "table":
            _check_suffix(Path(output.output), can_draw=isinstance(output, Drawn))
    if figures:
        from scaling_cli.report.files import check_figure

        assert isinstance(output, Drawn)
        for name in figures:
            check_figure(Path(name))
        style_of(output)
    for name in launches:
        if Path(name).suffix.lower() not in LAUNCH_SUFFIXES:
            raise UsageError(
                f"{name} does not end in a format of --launch.",
                hint=f"Use a name that ends in {' or '.join(LAUNCH_SUFFIXES)}.",
            )
    for name in reports:
        if Path(name).suffix.lower() not in REPORTS:
            raise UsageError(
                f"{name} does not end in a report format.", hint=f"Use a name that ends in one of {', '.join(REPORTS)}."
            )


def style_of(output: Drawn) -> FigureStyle:
    """How figures are to be drawn.

    Raises:
        UsageError: There is no such size or style.
    """
    from scaling_cli.report.charts.style import figure_style

    return figure_style(output.figure_size, output.dpi, output.title, output.style)


def _check_words(output: Output) -> None:
    """Refuse gates that cannot be read, and caveats that do not exist."""
    if output.fail_if:
        from scaling_cli.cli.gates import parse_gate

        for text in output.fail_if:
            parse_gate(text)
    if output.allow:
        from scaling_cli.caveats.sentences import SENTENCES
        from scaling_cli.data.names import guess

        for code in output.allow:
            if code not in SENTENCES:
                hint = f"{guess(code, SENTENCES)}Codes are {', '.join(SENTENCES)}."
                raise UsageError(f"--allow {code!r}: no caveat has this code.", hint=hint)


def _check_suffix(path: Path, *, can_draw: bool) -> None:
    """Refuse a file whose suffix belongs to a format that the result cannot have; without a suffix, it is text."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or not suffix or is_device(path):
        return
    hint = f"Use a name that ends in one of {', '.join(SUFFIXES)}, or choose the format with --format."
    if can_draw and suffix in (".png", ".svg", ".pdf"):
        hint = f"Write --figure {path}."
    raise UsageError(f"{path}: results cannot be written as {suffix}.", hint=hint)


def chosen_format(output: Output, look: Look) -> str:
    """The format of the result: the one asked for, else the one of the file's suffix, else a table.

    If stdout is not a terminal, a table is plain text, because importing rich takes longer than a small fit.
    """
    form: str = "json" if output.json else output.format
    if form == "table" and output.output is not None:
        form = SUFFIXES.get(Path(output.output).suffix.lower(), "table")
    return "plain" if form == "table" and not look.is_drawn else form
