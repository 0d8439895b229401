"""Charts as specifications of Vega-Lite, which a browser draws: points say what they are, panels zoom, groups toggle.

Points of one run light up in all panels when the pointer is on one of them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from typing import Any

from scaling_cli.numbers.format import amount, escape, figure
from scaling_cli.report.charts.axes import COLORS
from scaling_cli.report.charts.chart import Axis, Chart, Line, Panels, Series, shade_ends

Spec = dict[str, Any]
Switches = list[tuple[str, str]]

SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH, HEIGHT = 400, 280  # pixels of a panel
MOST_POINTS = 4_000  # of one series: a browser draws no more at ease, and the figure of a paper has them all
SUFFIXED = ("params", "tokens", "unique_tokens")
GREY = "#767676"
MOST_SWITCHES = 12
STAR = "M0,-1L0.29,-0.4L0.95,-0.31L0.48,0.15L0.59,0.81L0,0.5L-0.59,0.81L-0.48,0.15L-0.95,-0.31L-0.29,-0.4Z"
VIRIDIS = ("#440154", "#482475", "#414487", "#355f8d", "#2a788e", "#21918c", "#22a884", "#44bf70", "#7ad151", "#bddf26",
           "#fde725")  # fmt: skip
# Vega writes 1e+20 and 1G where people write 1e20 and 1B.
SCIENTIFIC = "replace(format(datum.value, '~e'), '+', '')"
SUFFIX = "replace(format(datum.value, '.3~s'), 'G', 'B')"


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
        "resolve": {"scale": {"color": "independent"}},
    }


def _axis(axis: Axis) -> Spec:
    scale: Spec = {"nice": False, "padding": 12} | ({"type": "log"} if axis.is_log else {"zero": False})
    shown: Spec = {"tickCount": 6, "labelOverlap": True}
    if axis.names:
        names = ", ".join(repr(escape(name)) for name in axis.names)
        shown |= {"values": list(range(len(axis.names))), "labelExpr": f"[{names}][datum.value]"}
        scale |= {"domain": [-0.5, len(axis.names) - 0.5], "reverse": True}
    elif axis.role == "compute":
        shown |= {"labelExpr": SCIENTIFIC}
    elif axis.role in SUFFIXED:
        shown |= {"labelExpr": SUFFIX}
    return {"type": "quantitative", "title": escape(axis.label) or None, "scale": scale, "axis": shown}


def _places(chart: Chart) -> Spec:
    return {"x": {"field": "x", **_axis(chart.x)}, "y": {"field": "y", **_axis(chart.y)}}


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
    ends = shade_ends(chart)
    for i, line in enumerate(chart.lines):
        color = _line_color(line, i) if line.shade is None else _shaded(line.shade, ends)
        mark: Spec = {"type": "line", "strokeWidth": 2, "clip": True, "color": color}
        if line.is_dashed:
            mark["strokeDash"] = [6, 4]
        yield {
            "data": {"values": _rows(x=line.curve.x, y=line.curve.y)},
            "mark": mark,
            "encoding": _places(chart) | ({"tooltip": {"value": escape(line.name)}} if line.name else {}),
        }


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
    if is_shaded and chart.shade is not None:
        encoding["color"] = _shade(chart.shade)
    elif has_legend:
        colors = {row["group"]: row["color"] for row in values}
        encoding["color"] = {
            "field": "group", "type": "nominal", "title": None, "legend": {"orient": "bottom"},
            "scale": {"domain": names, "range": [colors[group] for group in names]},
        }  # fmt: skip
    layer: Spec = {"name": name, "data": {"values": values}, "encoding": encoding}
    layer["mark"] = {"type": "point", "filled": True, "clip": True}
    if is_marked:
        layer["mark"] |= {"shape": STAR, "stroke": "white", "strokeWidth": 0.8}
    hidden = [{"test": f"datum.group === {json.dumps(group)} && !{switch}", "value": 0} for group, switch in switches]
    encoding["opacity"] = {"condition": hidden, "value": 0.85} if hidden else {"value": 0.85}
    return layer


def _shade(scale: Axis) -> Spec:
    return {
        "field": "shade", "type": "quantitative", "title": escape(scale.label),
        "scale": {"type": "log", "scheme": {"name": "viridis", "extent": [0, 0.9]}},
        "legend": {"labelExpr": SCIENTIFIC if scale.role == "compute" else SUFFIX},
    }  # fmt: skip


def _shaded(value: float, ends: tuple[float, float]) -> str:
    """The colour of a value on the ordered scale of the static figure."""
    low, high = (math.log(end) for end in ends)
    share = 0.9 * (math.log(value) - low) / (high - low) if high > low else 0.0
    place = min(max(share, 0.0), 1.0) * (len(VIRIDIS) - 1)
    return VIRIDIS[round(place)]


def _point_rows(chart: Chart, series: Series, i: int) -> Iterable[Spec]:
    step = max(1, math.ceil(len(series.x) / MOST_POINTS))
    color, ends = _color(i if series.color is None else series.color), shade_ends(chart)
    color = _color(1) if series.stands_out and chart.shade is not None else color
    for place in range(0, len(series.x), step):
        x, y = float(series.x[place]), float(series.y[place])
        if not (math.isfinite(x) and math.isfinite(y)):
            continue
        shade = None if series.shade is None else float(series.shade[place])
        run = escape(series.labels[place]) if place < len(series.labels) else ""
        row = {
            "x": x, "y": y, "shade": shade, "group": escape(series.name), "run": run or f"{series.name} {place + 1}",
            "color": color if shade is None else _shaded(shade, ends), "out": series.stands_out,
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
