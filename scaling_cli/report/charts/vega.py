"""Charts as specifications of Vega-Lite, which a browser draws: points say what they are, panels zoom, groups toggle.

Points of one run light up in all panels when the pointer is on one of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scaling_cli.numbers.format import amount, escape, figure
from scaling_cli.report.charts.axes import COLORS
from scaling_cli.report.charts.chart import Axis, Chart, Line, Panels, Series, shade_ends
from scaling_cli.report.charts.ticks import log_ticks, tick_labels

Spec = dict[str, Any]
Switches = list[tuple[str, str]]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH, HEIGHT = 400, 280  # pixels of a panel
MOST_POINTS = 4_000  # of one series: a browser draws no more at ease, and the figure of a paper has them all
SUFFIXED = ("params", "tokens", "unique_tokens")
GREY = "#767676"
MOST_SWITCHES = 12
DASHES = [6, 4]
STAR = "M0,-1L0.29,-0.4L0.95,-0.31L0.48,0.15L0.59,0.81L0,0.5L-0.59,0.81L-0.48,0.15L-0.95,-0.31L-0.29,-0.4Z"
# Vega writes 1e+20 and 1G where people write 1e20 and 1B.
SCIENTIFIC = "replace(format(datum.value, '~e'), '+', '')"
SUFFIX = "datum.value < 1 ? format(datum.value, '~r') : replace(format(datum.value, '.3~s'), 'G', 'B')"
# Labels of a log axis have few different first digits, or they would be those that happen to fit.
FIRST_DIGIT = "round(datum.value / pow(10, floor(log(datum.value) / LN10 + 1e-9)))"
LABELLED = ((2.5, (1,)), (1.2, (1, 3)))  # decades beyond which only these first digits are
MOST_SHADES = 6  # labels of an ordered scale
LEGEND_LETTERS = 52  # in a row of a legend


def specification(rows: Panels, description: str) -> list[list[Spec]]:
    """One specification for each panel, in rows; the page puts them together by its width."""
    names, groups = iter(range(1000)), switches(rows)
    return [[_panel(chart, f"p{next(names)}", description, groups) for chart in row] for row in rows]


def switches(rows: Panels) -> Switches:
    """The groups that a reader can hide in all panels, each with the name of its switch; none for a single group."""
    names = dict.fromkeys(
        escape(series.name) for row in rows for chart in row for series in chart.series if series.name
    )
    return [(name, f"show_{i}") for i, name in enumerate(names)] if 1 < len(names) <= MOST_SWITCHES else []


def _panel(chart: Chart, name: str, description: str, switches: Switches) -> Spec:
    layers = [*_bands(chart), *_lines(chart), *_rules(chart), *_errors(chart), *_points(chart, name, switches)]
    zoomed = next((layer for layer in layers if layer.get("name") or layer["mark"]["type"] == "line"), layers[0])
    zoomed["params"] = [{"name": f"zoom_{name}", "select": "interval", "bind": "scales"}]
    return {
        "title": {"text": escape(chart.title), "anchor": "start"},
        "description": escape(f"{description} {chart.title}: {chart.y.label} against {chart.x.label}."),
        "width": WIDTH,
        "height": HEIGHT if not chart.y.names else 60 + 30 * len(chart.y.names),
        "layer": layers,
        "resolve": {"scale": {"color": "independent", "strokeDash": "independent"}},
    }


def _axis(axis: Axis, decades: float) -> Spec:
    scale: Spec = {"nice": False, "padding": 12} | ({"type": "log"} if axis.is_log else {"zero": False})
    shown: Spec = {"tickCount": 6, "labelOverlap": True}
    if axis.names:
        names = ", ".join(repr(escape(name)) for name in axis.names)
        shown |= {"values": list(range(len(axis.names))), "labelExpr": f"[{names}][datum.value]"}
        scale |= {"domain": [-0.5, len(axis.names) - 0.5], "reverse": True}
    else:
        label = SCIENTIFIC if axis.role == "compute" else SUFFIX if axis.role in SUFFIXED else ""
        digits = next((digits for most, digits in LABELLED if axis.is_log and decades > most), ())
        if digits:
            plain = label or "datum.label"
            label = f"indexof({list(digits)}, {FIRST_DIGIT}) < 0 ? '' : {plain}"
        shown |= {"labelExpr": label} if label else {}
    return {"type": "quantitative", "title": escape(axis.label) or None, "scale": scale, "axis": shown}


def _places(chart: Chart) -> Spec:
    drawn = [*chart.series, *(line.curve for line in chart.lines)]
    wide, high = (_decades([value for each in drawn for value in getattr(each, way)]) for way in "xy")
    return {"x": {"field": "x", **_axis(chart.x, wide)}, "y": {"field": "y", **_axis(chart.y, high)}}


def _decades(values: Sequence[float]) -> float:
    known = [float(value) for value in values if 0 < value < math.inf]
    return math.log10(max(known) / min(known)) if known else 0.0


def _color(i: int) -> str:
    return COLORS[i % len(COLORS)]


def _line_color(line: Line, i: int) -> str:
    return GREY if line.is_plain else _color(i if line.color is None else line.color)


def _bands(chart: Chart) -> Iterable[Spec]:
    for i, line in enumerate(chart.lines):
        for band in (line.curve, *line.fan):
            if band.low is not None and band.high is not None:
                values = _rows(x=band.x, y=band.low, to=band.high)
                yield {
                    "data": {"values": values},
                    "mark": {"type": "area", "opacity": 0.18, "color": _line_color(line, i), "clip": True},
                    "encoding": {**_places(chart), "y2": {"field": "to"}},
                }


def _lines(chart: Chart) -> Iterable[Spec]:
    """Curves without a name, and above them those that the legend names."""
    named = {line.name: i for i, line in enumerate(chart.lines) if line.name}
    for i, line in enumerate(chart.lines):
        if named.get(line.name) == i and line.shade is None:
            continue
        mark: Spec = {"type": "line", "strokeWidth": 2, "clip": True, "color": _line_color(line, i)}
        encoding = _places(chart)
        if line.is_dashed:
            mark["strokeDash"] = DASHES
        if line.shade is not None:
            encoding["color"] = {"datum": line.shade, **_shade(chart), "legend": None}
        yield {"data": {"values": _rows(x=line.curve.x, y=line.curve.y)}, "mark": mark, "encoding": encoding}
    shown = {name: (i, chart.lines[i]) for name, i in named.items() if chart.lines[i].shade is None}
    if shown:
        yield _named_lines(chart, shown)


def _named_lines(chart: Chart, shown: Mapping[str, tuple[int, Line]]) -> Spec:
    """The curves of a legend: one layer, so that they have one legend."""
    names = [escape(name) for name in shown]
    colors = [_line_color(line, i) for i, line in shown.values()]
    dashes = [DASHES if line.is_dashed else [1, 0] for _, line in shown.values()]
    values = [
        {**row, "line": name}
        for name, (_, line) in zip(names, shown.values(), strict=True)
        for row in _rows(x=line.curve.x, y=line.curve.y)
    ]
    field: Spec = {"field": "line", "type": "nominal", "title": None, "legend": _legend(names)}
    return {
        "data": {"values": values},
        "mark": {"type": "line", "strokeWidth": 2, "clip": True},
        "encoding": {
            **_places(chart),
            "color": field | {"scale": {"domain": names, "range": colors}},
            "strokeDash": field | {"scale": {"domain": names, "range": dashes}},
            "tooltip": {"field": "line", "type": "nominal"},
        },
    }


def _legend(names: Sequence[str]) -> Spec:
    """A legend below the panel, in as many columns as its names leave room for."""
    longest = max(map(len, names), default=0)
    shown = [name for name in names if name]
    return {"orient": "bottom", "columns": max(1, LEGEND_LETTERS // (longest + 4)), "values": shown, "labelLimit": 300}


def _rules(chart: Chart) -> Iterable[Spec]:
    rules = [*((rule.name, rule.value, rule.is_level) for rule in chart.rules)]
    if chart.edge is not None:
        rules.append((chart.edge.name, float(chart.edge.x[0]), False))
    for name, value, is_level in rules:
        place = "y" if is_level else "x"
        yield {
            "data": {"values": [{place: value}]},
            "mark": {"type": "rule", "strokeDash": [2, 3], "color": GREY},
            "encoding": {place: _places(chart)[place], "tooltip": {"value": escape(name)}},
        }


def _errors(chart: Chart) -> Iterable[Spec]:
    for i, series in enumerate(chart.series):
        if series.low is None or series.high is None:
            continue
        color = _color(i if series.color is None else series.color)
        is_list = bool(chart.y.names)
        fixed, moving = ("y", "x") if is_list else ("x", "y")
        places = _places(chart)
        values = _rows(**{fixed: series.y if is_list else series.x, moving: series.low, "to": series.high})
        yield {
            "data": {"values": values},
            "mark": {"type": "rule", "color": color, "clip": True},
            "encoding": {**places, f"{moving}2": {"field": "to"}},
        }


def _points(chart: Chart, name: str, switches: Switches) -> Iterable[Spec]:
    """The points of all series, and above them those that stand out."""
    values = [row for i, series in enumerate(chart.series) for row in _point_rows(chart, series, i)]
    plain, marked = ([row for row in values if row["out"] is out] for out in (False, True))
    if plain:
        yield _marks(chart, plain, name, switches)
    if marked:
        yield _marks(chart, marked, f"{name}_marked", switches)


def _marks(chart: Chart, values: list[Spec], name: str, switches: Switches) -> Spec:
    names = list(dict.fromkeys(row["group"] for row in values))
    is_marked, is_shaded = values[0]["out"], values[0]["shade"] is not None
    has_legend = any(names) and not is_shaded
    encoding: Spec = {
        **_places(chart),
        "tooltip": _tooltips(chart, values),
        "size": {"condition": {"param": "picked", "value": 200, "empty": False}, "value": 130 if is_marked else 45},
        "color": {"field": "color", "type": "nominal", "scale": None},
    }
    if is_shaded:
        encoding["color"] = {"field": "shade", **_shade(chart)}
    elif has_legend:
        colors = {row["group"]: row["color"] for row in values}
        encoding["color"] = {
            "field": "group", "type": "nominal", "title": None, "legend": _legend(names),
            "scale": {"domain": names, "range": [colors[group] for group in names]},
        }  # fmt: skip
    layer: Spec = {"name": name, "data": {"values": values}, "encoding": encoding}
    layer["mark"] = {"type": "point", "filled": True, "clip": True}
    if is_marked:
        layer["mark"] |= {"shape": STAR, "stroke": "white", "strokeWidth": 0.8}
    hidden = [{"test": f"datum.group === {json.dumps(group)} && !{switch}", "value": 0} for group, switch in switches]
    encoding["opacity"] = {"condition": hidden, "value": 0.85} if hidden else {"value": 0.85}
    return layer


def _shade(chart: Chart) -> Spec:
    """The ordered scale, with a legend in the chart that names it; a dark page takes the light end of the colours."""
    low, high = shade_ends(chart)
    colors = {"name": "viridis", "extent": [0, 0.9]}
    scale: Spec = {"type": "log", "domain": [low, high if high > low else 1.01 * low], "scheme": colors}
    shown: Spec = {"type": "quantitative", "scale": scale, "legend": None}
    if chart.shade is not None:
        role, places = chart.shade.role, log_ticks(low, high, MOST_SHADES)
        labels = tick_labels(places, lambda value: amount(role, value))
        legend = {"values": places, "labelExpr": f"{labels}[indexof({places}, datum.value)]"}
        shown |= {"title": escape(chart.shade.label), "legend": legend}
    return shown


def _point_rows(chart: Chart, series: Series, i: int) -> Iterable[Spec]:
    step = max(1, math.ceil(len(series.x) / MOST_POINTS))
    color = _color(i if series.color is None else series.color)
    color = _color(1) if series.stands_out and chart.shade is not None else color
    for place in range(0, len(series.x), step):
        x, y = float(series.x[place]), float(series.y[place])
        if not (math.isfinite(x) and math.isfinite(y)):
            continue
        shade = None if series.shade is None else float(series.shade[place])
        run = escape(series.labels[place]) if place < len(series.labels) else ""
        row = {
            "x": x, "y": y, "shade": shade, "group": escape(series.name), "run": run or f"{series.name} {place + 1}",
            "color": color, "out": series.stands_out,
            "at x": _said(chart.x, x), "at y": _said(chart.y, y),
        }  # fmt: skip
        if shade is not None and chart.shade is not None:
            row["at shade"] = _said(chart.shade, shade)
        yield row


def _said(axis: Axis, value: float) -> str:
    return escape(axis.names[int(value)]) if axis.names else amount(axis.role, value) if axis.is_log else figure(value)


def _tooltips(chart: Chart, values: Sequence[Spec]) -> list[Spec]:
    shown = [{"field": "run", "title": "run"}]
    if any(row["group"] for row in values):
        shown.append({"field": "group", "title": "group"})
    shown += [{"field": "at x", "title": escape(chart.x.label)}, {"field": "at y", "title": escape(chart.y.label)}]
    if chart.shade is not None:
        shown.append({"field": "at shade", "title": escape(chart.shade.label)})
    return [{**field, "type": "nominal"} for field in shown]


def _rows(**columns: Iterable[Any]) -> list[Spec]:
    """Rows of numbers, without those that are not finite."""
    names = list(columns)
    rows = (dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return [row for row in rows if all(value is None or math.isfinite(value) for value in row.values())]
