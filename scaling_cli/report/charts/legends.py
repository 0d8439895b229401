"""Legends that hide nothing: where one would lie on points, curves or names, room is made for it.

matplotlib puts a legend into the emptiest of nine places, which in a crowded panel is still on top of the data. Then
the legend goes to the right of the panel, or the panel gets room above or below its data, whichever takes less.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 36  # characters of a name in a figure
SHORT = 12  # characters of a part of a name that always stays whole
WORDS = re.compile(r"([-_/,;\s]+)")  # between the words of a name
DENSE = 32  # places on each piece of a curve that are looked at
GAP = 0.04  # of the height of the panel, between legend and data
MOST_ROOM = 0.5  # of a panel that its legend may take


def short_names(names: Sequence[str]) -> list[str]:
    """Names that leave the panel its width: of long ones, the words in which they differ.

    An ellipsis stands for what is left out.
    """
    long = list(dict.fromkeys(name for name in names if len(name) > LONGEST))
    fields = [name.split(", ") for name in long]  # such as `opt=adam, lr=0.1` or `adam, b -0.15`
    if len(set(map(len, fields))) == 1:
        columns = map(_own_words, zip(*fields, strict=True))
        fields = [list(each) for each in zip(*columns, strict=True)]
    by_name = dict(zip(long, [_cut(", ".join(field)) for field in fields], strict=True))
    if len(set(by_name.values())) < len(long):  # the cut would make names equal
        return list(names)
    return [by_name.get(name, name) for name in names]


def _own_words(names: Sequence[str]) -> list[str]:
    """Long names without the words that all of them have in the same place, if they have equally many."""
    if max(map(len, names)) <= SHORT:
        return list(names)
    parts = [WORDS.split(name) for name in names]
    if len(names) < 2 or len(set(map(len, parts))) > 1:
        return list(names)
    differs = [len(set(words)) > 1 for words in zip(*parts, strict=True)]
    kept = [[word if own else "…" for word, own in zip(words, differs, strict=True)] for words in parts]
    return [re.sub("…+", "…", "".join(words)) for words in kept]


def _cut(name: str) -> str:
    """A name without its middle, if it is still long."""
    half = LONGEST // 2
    return name if len(name) <= LONGEST else f"{name[: half - 1]}…{name[-half:]}"


def make_room(drawing: Any) -> None:
    """Move legends off what they hide, once the panels of a figure have their places."""
    panels = [axes for axes in drawing.axes if axes.get_legend() is not None]
    if not panels:
        return
    drawing.get_layout_engine().execute(drawing)
    for axes in panels:
        box = axes.get_legend().get_window_extent()
        if any(_hides(box, places) for places in _drawn(axes)):
            _move(axes, box)


def _hides(box: Any, places: NDArray[np.float64]) -> bool:
    x, y = places.T
    return bool(((x > box.x0) & (x < box.x1) & (y > box.y0) & (y < box.y1)).any())


def _drawn(axes: Any) -> Iterator[NDArray[np.float64]]:
    """Points, curves, error bars and names, in dots of the figure: arrays (places, 2)."""
    for line in axes.lines:
        if line.get_transform() == axes.transData:  # rules lie across the whole panel, so no legend can keep off them
            places = axes.transData.transform(np.asarray(line.get_xydata(), dtype=float))
            yield places if line.get_linestyle() == "None" else _dense(places)
    for points in axes.collections:
        if hasattr(points, "get_segments"):
            yield from (_dense(axes.transData.transform(piece)) for piece in points.get_segments())
        elif len(offsets := np.asarray(points.get_offsets(), dtype=float)) and points.get_array() is not None:
            yield axes.transData.transform(offsets)
    for text in axes.texts:
        box = text.get_window_extent()
        yield _dense(np.array([[box.x0, (box.y0 + box.y1) / 2], [box.x1, (box.y0 + box.y1) / 2]]))


def _dense(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """A broken line as many places along it."""
    if len(places) < 2:
        return places
    shares = np.linspace(0, 1, DENSE)[:, None]
    pieces = places[:-1, None] + shares * (places[1:, None] - places[:-1, None])
    return pieces.reshape(-1, 2)


def _move(axes: Any, box: Any) -> None:
    """To the right of the panel, or above or below its data."""
    panel = axes.get_window_extent()
    beside, over = box.width / panel.width, box.height / panel.height + GAP
    legend = axes.get_legend()
    is_beside = beside < over or over > MOST_ROOM
    if is_beside and axes.get_subplotspec() is not None:
        legend.set_loc("upper left")
        legend.set_bbox_to_anchor((1.01, 1.0))
        return
    is_low = box.y0 + box.y1 < panel.y0 + panel.y1
    is_left = box.x0 + box.x1 < panel.x0 + panel.x1
    _stretch(axes, over, is_low=is_low)
    legend.set_loc(f"{'lower' if is_low else 'upper'} {'left' if is_left else 'right'}")


def _stretch(axes: Any, share: float, *, is_low: bool) -> None:
    """Leave a share of the height of the panel free below or above the present range."""
    scale = axes.yaxis.get_transform()
    low, high = scale.transform(np.array(axes.get_ylim()))  # the lower end is the larger one on an axis of names
    more = (high - low) * share / (1 - share)
    ends = (low - more, high) if is_low else (low, high + more)
    axes.set_ylim(*scale.inverted().transform(np.array(ends)))
