"""What is wrong with the way a command ended; an empty list where nothing is."""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.robust.cases import Case
from tests.robust.zygote import CPU_SECONDS, Ended

CODES = (0, 2, 3, 4, 5)
MEMORY = 10**9
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
OURS = re.compile(r"<script>//<!\[CDATA\[\n.*?\n//\]\]></script>", re.DOTALL)  # no name can begin one: < is escaped
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
WRITES = ("-o", "--output", "--report", "--figure")


def faults(case: Case, ended: Ended, folder: Path) -> list[str]:
    """All that is wrong."""
    out, err = (text.decode("utf-8", "replace") for text in (ended.out, ended.err))
    found = list(_ending(ended, err))
    if "--color" in case.arguments:
        out, err = COLOUR.sub("", out), COLOUR.sub("", err)
    for name, text in (("stdout", out), ("stderr", err)):
        if raw := CONTROL.search(text):
            found.append(f"{name} has the raw control character {raw[0]!r}")
    if not any(word in case.arguments for word in WRITES) and ended.code in (0, 5):
        found += _malformed(_format(case), out)
    return found + list(_files(case, folder))


def _ending(ended: Ended, err: str) -> Iterator[str]:
    if ended.code not in CODES:
        yield f"exit code {ended.code}"
    if "Traceback" in err or "panicked" in err or "Exception ignored" in err:
        yield "a traceback"
    if ended.seconds > CPU_SECONDS:
        yield f"{ended.seconds:.0f} CPU seconds"
    if ended.memory > MEMORY:
        yield f"{ended.memory / 1e9:.1f} GB"
    if ended.code in (2, 3, 4) and "error:" not in err:
        yield "no word about the error"


def _format(case: Case) -> str:
    if "--json" in case.arguments:
        return "json"
    given = [case.arguments[i + 1] for i, word in enumerate(case.arguments[:-1]) if word == "--format"]
    return given[-1] if given else ""


def _refused(name: str) -> float:
    raise ValueError(f"{name} in JSON")


def _malformed(form: str, text: str) -> list[str]:
    """What a reader of the format would choke on."""
    try:
        if form == "json":
            json.loads(text, parse_constant=_refused)
        elif form == "jsonl":
            for line in text.splitlines():
                json.loads(line, parse_constant=_refused)
        elif form == "csv":
            rows = list(csv.reader(io.StringIO(text), strict=True))
            if len({len(row) for row in rows}) > 1:
                return ["CSV with rows of different lengths"]
            if bad := [cell for row in rows for cell in row if _is_formula(cell)]:
                return [f"CSV with the formula {bad[0]!r}"]
        elif form == "html":
            return [f"HTML with {what}" for what in unexpected_html(text)]
    except (ValueError, csv.Error) as problem:
        return [f"{form} that cannot be read: {problem}"]
    return []


def _is_formula(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.startswith(("=", "+", "-", "@"))
    return False


class _Tags(html.parser.HTMLParser):
    """Names of tags and attributes, which are all that could run."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "iframe", "img", "object", "link", "embed", "base", "form", "input"):
            self.found.append(f"<{tag}>")
        self.found += [name for name, value in attrs if name.startswith("on") or "javascript:" in (value or "")]


def unexpected_html(text: str) -> list[str]:
    """Tags and attributes that a report never has, and that a browser would run or fetch."""
    parser = _Tags()
    parser.feed(OURS.sub("", text))
    return parser.found


def _files(case: Case, folder: Path) -> Iterator[str]:
    """What became of the files: inputs as they were, and nothing but whole results beside them."""
    asked = {word for word in case.arguments if not word.startswith("-")}
    asked |= {str(Path(word).with_suffix(".png")) for word in asked if word.endswith(".md")}  # the picture of a page
    for name, content in case.files.items():
        path = folder / name
        if not path.exists():
            yield f"{name} is lost"
        elif path.read_bytes() != content:
            yield f"{name} was overwritten"
    for path in folder.iterdir():
        if path.name in case.files:
            continue
        if path.name not in asked:
            yield f"{path.name} is left behind"
        elif path.suffix == ".json" and _format(case) in ("", "json") and (why := _malformed("json", path.read_text())):
            yield f"{path.name}: {why[0]}"


def described(case: Case, ended: Ended, found: list[str]) -> str:
    """A case that went wrong, for people to repeat."""
    files: Any = {name: content[:3000] for name, content in case.files.items()}
    return f"{found}\nscaling {list(case.arguments)}\n{ended.err[-1500:].decode(errors='replace')}\n{files}"
