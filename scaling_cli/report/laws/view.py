"""The list of laws, and one law explained."""

from __future__ import annotations

import json
from collections.abc import Sequence

from scaling_cli.laws import Law
from scaling_cli.numbers.format import figure
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.sheet import Sheet, aligned

DIGITS = 7  # as many as published fits are usually quoted with
ABREAST = 5  # published fits side by side: six columns fit most terminals


def render_laws(laws: Sequence[Law], format: str, look: Look) -> str:
    """All laws, one row each."""
    if format == "json":
        return json.dumps([_facts(law) for law in laws], indent=2) + "\n"
    rows = tuple((law.name, ", ".join(law.inputs), law.formula) for law in laws)
    return _drawn(Sheet(("law", "inputs", "formula"), rows, 0), format, look)


def render_law(law: Law, format: str, look: Look) -> str:
    """One law: its formula and source, then a row a parameter."""
    if format == "json":
        return json.dumps(_facts(law), indent=2) + "\n"
    rows = [(parameter.name, parameter.unit, parameter.meaning) for parameter in law.parameters]
    rows += [(quantity.name, "", quantity.meaning) for quantity in law.derived]
    table = _drawn(Sheet(("parameter", "unit", "meaning"), tuple(rows), 0), format, look)
    inputs = ", ".join(law.inputs)
    head = f"{law.name}: {law.formula}\ninputs: {inputs}\nsource: {law.source}\n\n{table}"
    return head + (_published(law, format, look) if law.published else "")


def _published(law: Law, format: str, look: Look) -> str:
    """A column for each published fit, then what each is of; JSON has all their digits."""
    names = tuple(fit.name for fit in law.published)
    rows = tuple((name, *(figure(fit.parameters[name], DIGITS) for fit in law.published)) for name in law.names)
    parts = [
        _drawn(
            Sheet(
                ("published", *names[start : start + ABREAST]),
                tuple((row[0], *row[1:][start : start + ABREAST]) for row in rows),
                0,
            ),
            format,
            look,
        )
        for start in range(0, len(names), ABREAST)
    ]
    told = "".join(f"{fit.name}: {fit.about}; {fit.source}\n" for fit in law.published)
    return "\n" + "\n".join(parts) + "\n" + told


def _facts(law: Law) -> dict[str, object]:
    return {
        "name": law.name,
        "formula": law.formula,
        "source": law.source,
        "inputs": list(law.inputs),
        "parameters": [
            {"name": parameter.name, "unit": parameter.unit, "meaning": parameter.meaning}
            for parameter in law.parameters
        ],
        "published": [
            {"name": fit.name, "about": fit.about, "source": fit.source, "parameters": dict(fit.parameters)}
            for fit in law.published
        ],
        "derived": [{"name": quantity.name, "meaning": quantity.meaning} for quantity in law.derived],
    }


def _drawn(sheet: Sheet, format: str, look: Look) -> str:
    if format == "plain":
        return aligned(sheet)
    from scaling_cli.report.pages.rich_page import cells, drawn, ruled_table

    table = ruled_table(look)
    for heading in sheet.header:
        table.add_column(heading, overflow="fold")
    for row in sheet.rows:
        table.add_row(*cells(row))
    return drawn([table], look)
