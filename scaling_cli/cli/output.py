"""Where results go and in which format, checked before long work."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from scaling_cli.cli.files import check_writable, is_device
from scaling_cli.errors import UsageError
from scaling_cli.report.pages.formats import suffixes
from scaling_cli.report.pages.look import Look

if TYPE_CHECKING:
    from scaling_cli.cli.flags import OutputOptions


SUFFIXES = suffixes()  # of -o, each with its format
REPORTS = suffixes(complete=True)  # of --report


def prepare_output(output: OutputOptions, inputs: Sequence[str]) -> None:
    """Find out before long work what would fail after it: an unwritable file, a mistyped test or caveat code.

    `inputs` are the files that the command reads, which it must not overwrite.

    Raises:
        UsageError: One of them.
    """
    from scaling_cli.caveats import SENTENCES

    if output.fail_if:
        from scaling_cli.cli.gates import parse_gate

        for text in output.fail_if:
            parse_gate(text)
    for code in output.allow:
        if code not in SENTENCES:
            raise UsageError(f"--allow {code!r}: no caveat has this code.", hint=f"Codes are {', '.join(SENTENCES)}.")
    for name in (output.output, output.report, *output.figure):
        if name is not None:
            check_writable(Path(name), inputs)
    if output.output is not None and not output.json and output.format == "table":
        _check_suffix(Path(output.output))
    if output.figure:
        from scaling_cli.report.files import check_figure

        for name in output.figure:
            check_figure(Path(name))
    if output.report is not None and Path(output.report).suffix.lower() not in REPORTS:
        raise UsageError(f"{output.report} is not a report format.", hint=f"Name it with one of {', '.join(REPORTS)}.")


def _check_suffix(path: Path) -> None:
    """Refuse a file whose name promises a format that the result is not written in; one without a suffix is text."""
    suffix = path.suffix.lower()
    if suffix in SUFFIXES or not suffix or is_device(path):
        return
    drawn = dict.fromkeys((".png", ".svg", ".pdf"), f"Write --figure {path}.")
    raise UsageError(
        f"{path}: results are not written as {suffix}.",
        hint=drawn.get(suffix, f"Name it with one of {', '.join(SUFFIXES)}, or choose the form with --format."),
    )


def chosen_format(output: OutputOptions, look: Look) -> str:
    """The form of the result: as asked for, else what the file's name ends in, else a table.

    Where no one looks, a table is plain text: rich takes longer to import than a small fit takes.
    """
    form: str = "json" if output.json else output.format
    if form == "table" and output.output is not None:
        form = SUFFIXES.get(Path(output.output).suffix.lower(), "table")
    return "plain" if form == "table" and not look.is_drawn else form
