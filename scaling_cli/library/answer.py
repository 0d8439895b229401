"""A report at a prompt, in a notebook and in a script: its numbers by name, frames, figures, files and forecasts."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from scaling_cli.data.records import frame_of_records
from scaling_cli.document.write import to_json
from scaling_cli.errors import UsageError
from scaling_cli.numbers.format import escape, group_label, group_name, is_called, number_of
from scaling_cli.options.formats import suffixes
from scaling_cli.record import fields, replace
from scaling_cli.report.pages.html import report_part
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import render, render_notes
from scaling_cli.report.views import panels_of, view_of
from scaling_cli.report.written_files import check_not_read, check_writable, write_file
from scaling_cli.results.report import Report, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import pandas as pd
    import polars as pl
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from scaling_cli.library.predicted import Predicted

SHOWN = 10  # results, and failures, that the text has a line for


class Answer(Report[Result]):
    """What a command found: a report that gives its numbers, draws itself, and becomes a frame or a file.

    `results` has a result for each group, `caveats` what to know before using them, and `failures` the groups without.
    """

    def __getitem__(self, name: str | float) -> Any:
        """A number of the only result by its name, or the answer about one group or one law.

        `fit["alpha"]` is the `Estimate` of a parameter or of a quantity derived from it, and `forecast["predictions"]`
        a field of the result. With groups, `fits["adamw"]` is an `Answer` about that group; `fits[256]` is that of the
        group 256. `list_laws()["chinchilla"]` is the answer about that law.

        Raises:
            KeyError: There is no such name, or no such group.
        """
        results: Sequence[Any] = self.results
        if len(results) == 1 and name in _names(results[0]):
            return _named(results[0], str(name))
        kept = [result for result in results if _title(result) and is_called(_title(result), name)]
        if kept:
            group = kept[0].group
            known = [caveat for caveat in self.caveats if caveat.group is None or caveat.group == group]
            return replace(self, results=tuple(kept), caveats=tuple(known), failures=())
        for failure in self.failures:
            if is_called(group_label(failure.group), name):
                raise KeyError(f"{name!r} has no result: {failure.error}")
        if len(results) == 1:
            raise KeyError(f"{name!r} is not in this result; it has {', '.join(_names(results[0]))}")
        kind = "group" if any(result.group for result in results) else "result"
        raise KeyError(f"{name!r} is not a {kind}; the {kind}s are {', '.join(self)}")

    def __iter__(self) -> Iterator[str]:
        """The names that stand in brackets: of the groups or laws, or else of the numbers of the only result."""
        results: Sequence[Any] = self.results
        if len(results) == 1 and not results[0].group:
            return iter(_names(results[0]))
        return iter([_title(result) for result in results])

    def __contains__(self, name: object) -> bool:
        is_name = len(self.results) == 1 and name in _names(self.results[0])
        return is_name or any(is_called(each, name) for each in self)

    def __eq__(self, other: object) -> bool:
        """Whether the other is an answer with the same document, also if it was read from a file."""
        return isinstance(other, Answer) and self.to_json() == other.to_json()

    __hash__ = None  # type: ignore[assignment]

    @overload
    def predict(self, **at: float | str) -> Predicted: ...  # type: ignore[overload-overlap]

    @overload
    def predict(
        self, **at: float | str | Sequence[float] | Sequence[str] | np.ndarray | pl.Series
    ) -> list[Predicted]: ...

    def predict(self, **at: Any) -> Any:
        """The loss that a fitted law predicts, with intervals.

        Args:
            at: The inputs of the law by name, such as `params=70e9, tokens=1.4e12`, as numbers, text (`"70B"`) or
                sequences `(n,)` of these, which are matched by their order. Where several groups were fitted together,
                also the group, such as `optimizer="adamw"`.

        Returns:
            A `Predicted` for single amounts, a list of `n` for sequences.

        Raises:
            UsageError: This is not the answer of `fit` about one group, an input is missing or unknown, or Series of
                pandas have different indexes.
            FitError: The law gives no loss above zero there.

        Example:
            >>> import scaling_cli as scaling
            >>> fit = scaling.fit("sample_data/isoflop_runs.csv", replicates=100)
            >>> loss = fit.predict(params="70B", tokens="1.4T")
            >>> 1.9 < loss.low < loss.estimate < loss.high < 2.1
            True
        """
        from scaling_cli.library.predicted import predict

        return predict(self, at)

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the first panel of the figure on axes of matplotlib, new ones if there are none.

        Example:
            >>> import scaling_cli as scaling
            >>> axes = scaling.fit("sample_data/isoflop_runs.csv", interval="none").plot()
            >>> axes.get_xlabel()
            'compute (FLOPs)'
        """
        from scaling_cli.library.drawn import plot

        return plot(self._panels(), ax)

    def figure(
        self, size: str | None = None, *, dpi: int = 300, title: str | None = None, style: str = "paper"
    ) -> Figure:
        """The composed figure, as a figure of matplotlib: `answer.figure("single").savefig("fit.pdf")`.

        Args:
            size: As --figure-size: single, double, slide, or `120x80mm`.
            dpi: Dots per inch of PNG files.
            title: Above all panels.
            style: paper, slide, or a style file of matplotlib.

        Raises:
            UsageError: There is nothing to draw, no such size or style, or matplotlib is not installed.
        """
        from scaling_cli.library.drawn import compose

        return compose(self._panels(), size, dpi, title, style)

    def to_polars(self) -> pl.DataFrame:
        """The rows that `--format csv` writes, with numbers as numbers."""
        return frame_of_records(view_of(self.command).records(self))

    def to_pandas(self) -> pd.DataFrame:
        """The same rows as a pandas frame; pyarrow is not needed.

        Raises:
            UsageError: pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError:
            raise UsageError("to_pandas() needs pandas.", hint="Install it with: pip install pandas") from None
        return pd.DataFrame(self.to_polars().to_dict(as_series=False))

    def to_json(self) -> str:
        """The document that `--json` writes, which `scaling show` and later commands read."""
        return to_json(self)

    def save(self, path: str | Path) -> Path:
        """Write the answer to a file; its suffix chooses the format: .json, .html, .md, .csv, .tex, .txt or .jsonl.

        `load` reads .json and .jsonl; a fit loaded from .jsonl predicts without intervals, since it has no replicates.

        Raises:
            UsageError: No format has this suffix, there is no such folder, or the answer was made from this file.
            DataError: The disk is full, or cannot be written.
        """
        path, known = Path(path), suffixes()
        form = known.get(path.suffix.lower())
        if form is None:
            hint = f"Use one of {', '.join(known)}; for figures, answer.figure().savefig(path)."
            raise UsageError(f"{path}: no format has this suffix.", hint=hint)
        check_writable(path)
        check_not_read([path], [source.path for source in self.inputs])
        write_file(path, render(self, form, view_of(self.command), look=Look()))
        return path

    def summary(self, *, details: bool = False) -> str:
        """The text that the command prints: the answer, what matters, and caveats; everything with `details`."""
        look = Look(is_detailed=details)
        view = view_of(self.command)
        notes = render_notes(self, "plain", look)
        return render(self, "plain", view, look=look) + f"\n{notes}".rstrip("\n")

    def __repr__(self) -> str:
        return text(self)

    def _repr_html_(self) -> str:
        if not self.results:
            return report_part(self, ())
        return report_part(self, view_of(self.command).pages(self), self._panels())

    def _panels(self) -> Any:
        return panels_of(view_of(self.command), self) if self.results else []


def _title(result: Any) -> str:
    """What tells a result from the others: its group, or its own name."""
    return group_label(result.group) or str(getattr(result, "name", ""))


def _named(result: Any, name: str) -> Any:
    values = _values(result)
    return values[name] if name in values else getattr(result, name)


def _names(result: Any) -> list[str]:
    return [*_values(result), *result.__struct_fields__]


def _values(result: Any) -> dict[str, Any]:
    """The parameters of a result by name, and what is derived from them; those of a law have their own names."""
    found: dict[str, Any] = {}
    for place in ("derived", "parameters"):
        values = getattr(result, place, {})
        found = (values if isinstance(values, dict) else {each.name: each for each in values}) | found
    return found


def answer(report: Report[Result]) -> Answer[Result]:
    """The report as callers from Python get it."""
    return Answer(**{field.name: getattr(report, field.name) for field in fields(report)})


def load(path: str | Path) -> Answer[Any]:
    """An answer that was saved as JSON, by `save` or on the command line, without fitting again.

    Raises:
        UsageError: It is of a command that this version does not have.
        DataError: The file cannot be read, or is not what a command wrote.

    Example:
        >>> import scaling_cli as scaling
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     saved = scaling.fit("sample_data/isoflop_runs.csv", interval="none").save(f"{folder}/fit.json")
        ...     loaded = scaling.load(saved)
        >>> round(loaded["alpha"].estimate, 2)
        0.35
    """
    from scaling_cli.data.paths_or_table import paths_of
    from scaling_cli.options.option import Options
    from scaling_cli.verbs.show import show

    if not isinstance(path, str | os.PathLike):
        raise UsageError(
            f"load() takes the path of a file, not an object of type {type(path).__name__}.",
            hint="Write scaling.load('fit.json').",
        )
    return answer(show(paths_of(path)[0], Options()))


def text(report: Report[Any]) -> str:
    """What was asked, a line for each result and each failure, and the codes of the caveats."""
    counts = [number_of(len(report.results), "result")]
    counts += [f"{len(report.failures):,} failed"] if report.failures else []
    lines = [f"<scaling {report.command}: {', '.join(counts)}{_read(report)}"]
    few = [_shown(result) for result in report.results[:SHOWN]]
    failed = [_led(group_name(each.group), f"failed: {escape(each.error)}") for each in report.failures[:SHOWN]]
    lines += _some(few, len(report.results)) + _some(failed, len(report.failures))
    codes = Counter(caveat.code for caveat in report.caveats)
    if codes:
        named = ", ".join(code if count == 1 else f"{code} ({count:,})" for code, count in codes.items())
        lines.append(f"  caveats: {named}; see .caveats")
    return "\n".join(lines) + ">"


def _read(report: Report[Any]) -> str:
    names = [escape(source.path) for source in report.inputs]
    if not names:
        return ""
    return f" from {names[0]}" if len(names) == 1 else f" from {len(names):,} files"


def _shown(result: Any) -> str:
    """The line of a result; a law in a list has no sentence."""
    if result.sentence:
        return _led(group_name(result.group), result.sentence)
    return _led(_title(result), getattr(result, "formula", ""))


def _led(name: str, said: str) -> str:
    return "  " + ": ".join(part for part in (escape(name), said) if part)


def _some(lines: list[str], count: int) -> list[str]:
    return [*lines, f"  and {count - len(lines):,} more"] if count > len(lines) else lines
