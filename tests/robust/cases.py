"""Command lines with damaged files and odd options, as Hypothesis draws them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from scaling_cli.options.commands import find_command
from scaling_cli.options.option import Option
from tests.robust import seeds
from tests.robust.odd import BYTES, COMMANDS, NUMBER, NUMBERS, QUICK, TEXTS, USUAL, VALUES, WORDS


class Case(NamedTuple):
    """Files by name, and the words of a command line in their folder."""

    files: Mapping[str, bytes]
    arguments: Sequence[str]


def lay_out(case: Case, folder: Path) -> None:
    """Write the files of a case."""
    for name, content in case.files.items():
        (folder / name).write_bytes(content)


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The content with up to four faults."""
    for _ in range(draw(st.integers(0, 4))):
        content = draw(FAULTS)(draw, content)
    return content


def _cut(draw: st.DrawFn, content: bytes) -> bytes:
    return content[: draw(st.integers(0, len(content)))]


def _flip(draw: st.DrawFn, content: bytes) -> bytes:
    place = draw(st.integers(0, max(len(content) - 1, 0)))
    return content[:place] + bytes([draw(st.integers(0, 255))]) + content[place + 1 :]


def _insert(draw: st.DrawFn, content: bytes) -> bytes:
    place = draw(st.integers(0, len(content)))
    return content[:place] + draw(st.sampled_from(BYTES)) + content[place:]


def _number(draw: st.DrawFn, content: bytes) -> bytes:
    found = list(NUMBER.finditer(content))[:500]
    if not found:
        return content
    chosen = draw(st.sampled_from(found))
    return content[: chosen.start()] + draw(st.sampled_from(NUMBERS)).encode() + content[chosen.end() :]


def _line(draw: st.DrawFn, content: bytes) -> bytes:
    """A line left out, doubled, or moved to the end."""
    lines = content.splitlines(keepends=True)
    if not lines:
        return content
    place = draw(st.integers(0, min(len(lines), 200) - 1))
    what = draw(st.sampled_from(("drop", "double", "last")))
    kept = lines[:place] + lines[place + 1 :]
    return b"".join(
        {"drop": kept, "double": [*lines[: place + 1], *lines[place:]], "last": [*kept, lines[place]]}[what]
    )


def _word(draw: st.DrawFn, content: bytes) -> bytes:
    """A cell or a name replaced by an odd text."""
    words = [word for word in set(re.findall(rb"[A-Za-z_]{2,}", content[:5000])) if len(word) < 30]
    if not words:
        return content
    chosen = draw(st.sampled_from(sorted(words)))
    return content.replace(chosen, draw(st.sampled_from(WORDS)).encode(), draw(st.sampled_from((1, -1))))


def _value(draw: st.DrawFn, content: bytes) -> bytes:
    """A value somewhere in JSON, or in the first lines of JSON lines, replaced by one of another kind."""
    lines = content.split(b"\n")
    try:
        whole = [json.loads(content)]
        rest: list[bytes] = []
    except (ValueError, RecursionError):
        try:
            whole, rest = [json.loads(line) for line in lines[:3] if line], lines[3:]
        except (ValueError, RecursionError):
            return content
    if not whole:
        return content
    place: Any = whole
    key: Any = draw(st.integers(0, len(whole) - 1))
    while isinstance(place[key], dict | list) and place[key] and draw(st.integers(0, 5)):
        place = place[key]
        key = draw(st.sampled_from(sorted(place))) if isinstance(place, dict) else draw(st.integers(0, len(place) - 1))
    place[key] = draw(st.sampled_from(VALUES))
    return b"\n".join([json.dumps(one).encode() for one in whole] + rest)


FAULTS = st.sampled_from((_cut, _flip, _insert, _number, _number, _line, _word, _value, _value))


def _given(draw: st.DrawFn, option: Option) -> list[str]:
    if option.kind.is_switch:
        return [option.flag if option.default is not True or draw(st.booleans()) else f"--no-{option.flag[2:]}"]
    known = (
        QUICK.get(option.name) or TEXTS.get(option.name) or (*option.choices, *NUMBERS[:8], "0.5", "2", "a", "group")
    )
    return [option.flag, draw(st.sampled_from(known))]


def _sound(draw: st.DrawFn, name: str) -> Mapping[str, bytes]:
    """Files that the command reads."""
    if name == "inference-coverage":
        return seeds.samples()
    if name == "score":
        return seeds.forecasts()
    takes_fits = name in ("extrapolate", "optimal-allocation", "plan")
    return seeds.fits() if name == "show" or (takes_fits and draw(st.booleans())) else seeds.runs()


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A command with damaged files and a few options."""
    name = draw(st.sampled_from(COMMANDS))
    command = find_command(name)
    options = {one.name: one for one in command.all_options}
    files: dict[str, bytes] = {}
    arguments: list[str] = [name]
    if name in ("laws", "schema"):
        arguments += draw(st.lists(st.sampled_from(("fit", "chinchilla", "power", "x", "columns", "")), max_size=1))
    else:
        sound = _sound(draw, name)
        most = 3 if command.argument.is_list else 1
        chosen = draw(st.lists(st.sampled_from(sorted(sound)), min_size=1, max_size=most, unique=True))
        files = {one: draw(damaged(sound[one])) for one in chosen}
        ways = (chosen, chosen, ["."], ["*"], ["@list.txt"]) if most > 1 else (chosen,)
        arguments += draw(st.sampled_from(ways))
        files["list.txt"] = "\n".join(chosen).encode()
    if "replicates" in options:
        arguments += ["--replicates", draw(st.sampled_from(("40", "60", "5")))]
    if "format" in options and draw(st.booleans()):
        arguments += ["--format", draw(st.sampled_from(options["format"].choices))]
    arguments += draw(st.sampled_from(USUAL[name]))
    # Most odd options are refused before a file is read, so half of the cases have none.
    most = draw(st.sampled_from((0, 0, 0, 1, 2, 4)))
    left = sorted(set(options) - {"replicates", "format"})
    wanted = draw(st.lists(st.sampled_from(left), max_size=most, unique=True))
    for one in wanted:
        arguments += _given(draw, options[one])
    if "targets.csv" in arguments:
        files["targets.csv"] = draw(damaged(seeds.TARGETS["targets.csv"]))
    return Case(files, [word for word in arguments if "\0" not in word])
