"""The figure of `scaling fit`: the law among its runs, observed against predicted loss, and residuals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scaling_cli.analysis.drawn_fit import Sketch, ratio_lines
from scaling_cli.arrays import Array, Flags
from scaling_cli.numbers.format import group_name
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.record import replace
from scaling_cli.report.charts.chart import Axis, Chart, Line, Panels, Rule, Series
from scaling_cli.results.fit import Curve, FitResult, Observations

MOST_RESIDUALS = 3  # panels
BLACK = 6  # the place of its colour
RATIO = Axis("tokens per param", "ratio")
UNITS = {"compute": "compute (FLOPs)", "params": "params", "tokens": "tokens"}


def fit_panels(
    main: Sequence[Chart], results: Sequence[FitResult], sketches: Sequence[Sketch | None], loss: str
) -> Panels:
    """The terminal's chart with colours and curves, then observed against predicted, then residuals."""
    shown = [
        (result, result.observations, sketch)
        for result, sketch in zip(results, sketches, strict=True)
        if result.observations is not None and result.observations.predicted and sketch is not None
    ]
    if not main or not shown:
        return [list(main)]
    first = _coloured(main[0], *shown[0]) if len(shown) == 1 else _labelled(main[0], [seen for _, seen, _ in shown])
    shades = [series.shade for series in first.series] if len(shown) == 1 else [None] * len(shown)
    groups = [(group_name(result.group), seen) for result, seen, _ in shown[: len(main[0].series)]]
    agreement = Chart(
        series=[_agreement(name, seen, shade) for (name, seen), shade in zip(groups, shades, strict=False)],
        lines=[_diagonal([seen for _, seen in groups])],
        x=Axis(f"predicted {loss}", "loss"),
        y=Axis(f"observed {loss}", "loss"),
        title="Observed against predicted",
        shade=None,
    )
    residuals = list(_residuals(groups, shades, [result.inputs for result, _, _ in shown]))
    return [[first, agreement], residuals] if residuals else [[first, agreement]]


def _coloured(chart: Chart, result: FitResult, seen: Observations, sketch: Sketch) -> Chart:
    """The chart with its runs coloured by tokens per param, and the law at some of these ratios."""
    (series, *others), lines = chart.series, chart.lines
    labels = seen.names if len(seen.names) == len(series.x) else ()
    if not has_params_and_tokens(seen.inputs) or len(series.x) != len(seen.observed):
        return replace(chart, series=[replace(series, labels=labels), *others], title="The law and its runs")
    ratio = np.array(seen.inputs["tokens"]) / np.array(seen.inputs["params"])
    frontier = [replace(line, color=BLACK, is_dashed=True) for line in lines]
    lines = [Line("", curve, shade=value) for value, curve in ratio_lines(result, sketch)]
    lines += frontier
    series = replace(series, name="", shade=tuple(ratio.tolist()), labels=labels)
    title = "The law and its runs, coloured by tokens per param"
    return replace(chart, series=[series, *others], lines=lines, shade=RATIO, title=title)


def _labelled(chart: Chart, seen: Sequence[Observations]) -> Chart:
    series = [
        replace(one, labels=known.names if len(known.names) == len(one.x) else ())
        for one, known in zip(chart.series, seen, strict=False)
    ]
    return replace(chart, series=series, title=chart.title or "The laws and their runs")


def _positive(seen: Observations) -> Flags:
    return (np.array(seen.observed) > 0) & (np.array(seen.predicted) > 0)


def _agreement(name: str, seen: Observations, shade: object) -> Series:
    kept = _positive(seen)
    observed, predicted = np.array(seen.observed)[kept], np.array(seen.predicted)[kept]
    return Series(name, predicted, observed, shade=_kept(shade, kept), labels=_names(seen, kept))


def _kept(shade: object, kept: Flags) -> Array | None:
    return np.array(shade)[kept] if isinstance(shade, tuple) and len(shade) == len(kept) else None


def _names(seen: Observations, kept: Flags) -> tuple[str, ...]:
    return tuple(name for name, is_kept in zip(seen.names, kept, strict=False) if is_kept)


def _diagonal(seen: Sequence[Observations]) -> Line:
    values = np.concatenate([np.array([*one.observed, *one.predicted]) for one in seen])
    values = values[values > 0]
    ends = (float(values.min()), float(values.max())) if len(values) else (1.0, 2.0)
    return Line("equal", Curve(ends, ends), is_plain=True, is_dashed=True)


def _residuals(
    groups: Sequence[tuple[str, Observations]], shades: Sequence[object], inputs: Sequence[dict[str, str]]
) -> Iterator[Chart]:
    """Observed over predicted loss, in percent, against each column; files of one call may have laws of others."""
    read = [
        {columns.get(name, name): name for name in seen.inputs}
        for (_, seen), columns in zip(groups, inputs, strict=False)
    ]
    for column in list(dict.fromkeys(column for names in read for column in names))[:MOST_RESIDUALS]:
        series = []
        for (group, seen), shade, names in zip(groups, shades, read, strict=False):
            if (name := names.get(column)) is None:
                continue
            kept = _positive(seen) & (np.array(seen.inputs[name]) > 0)
            left = 100 * (np.array(seen.observed)[kept] / np.array(seen.predicted)[kept] - 1)
            x = np.array(seen.inputs[name])[kept]
            series.append(Series(group, x, left, shade=_kept(shade, kept), labels=_names(seen, kept)))
        yield Chart(
            series=series,
            lines=[],
            x=Axis(UNITS.get(column, column), column),
            y=Axis("observed over predicted (%)", is_log=False),
            rules=[Rule("", 0.0, is_level=True)],
            title=f"Residuals against {column}",
        )
