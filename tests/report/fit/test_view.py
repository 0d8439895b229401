import csv
import io
import re
import subprocess
import sys

import pytest

from scaling_cli.errors import UsageError
from scaling_cli.report.fit import view as fit
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import FORMATS, render, render_notes
from tests.factories import bad_report, chinchilla_result, groups_report, power_result, report
from tests.report.every_format import in_every_format

REPORTS = {
    "chinchilla": lambda: report(chinchilla_result()),
    "bad": bad_report,
    "groups": groups_report,
    "power-groups": lambda: report(
        power_result(group={"optimizer": "adamw"}), power_result(group={"optimizer": "muon"})
    ),
    "failures": lambda: report(failures=groups_report().failures),
}


def shown(name, format="table", **look):
    made = REPORTS[name]()
    return render(made, format, fit, look=Look(**look)), render_notes(made, format, Look(**look))


@pytest.mark.parametrize("width", [80, 200, None], ids=str)
@pytest.mark.parametrize("name", REPORTS)
def test_tables_look_as_approved(matches_golden, name, width):
    table, notes = shown(name, width=width)
    matches_golden(f"table-{name}-{width or 'pipe'}", table + "\n" + notes)


@pytest.mark.parametrize("format", ["plain", "csv", "md", "latex"])
@pytest.mark.parametrize("name", REPORTS)
def test_other_formats_look_as_approved(matches_golden, name, format):
    text, notes = shown(name, format)
    matches_golden(f"{format}-{name}", text + "\n" + notes)


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_wider_than_the_terminal(name, width):
    table, notes = shown(name, width=width)
    assert max(len(line) for line in (table + notes).splitlines()) <= width


@pytest.mark.parametrize("name", REPORTS)
def test_a_pipe_cuts_and_folds_nothing(name):
    piped, notes = shown(name, width=None)
    assert "…" not in piped
    for failure in REPORTS[name]().failures:
        assert failure.error in piped
    for caveat in REPORTS[name]().caveats:
        assert caveat.message in notes


@pytest.mark.sample(3)
@pytest.mark.parametrize(("name", "format"), in_every_format(REPORTS))
def test_no_format_lets_control_characters_through(name, format):
    text = "".join(shown(name, format))
    assert all(character == "\n" or character.isprintable() for character in text)


def test_ascii_tables_hold_only_ascii():
    assert "".join(shown("groups", width=200, unicode=False)).isascii()


def test_colour_adds_nothing_but_colour():
    plain, colored = "".join(shown("groups", width=80)), "".join(shown("groups", width=80, color=True))
    assert "\x1b[" in colored
    stripped = re.sub(r"\x1b\[[0-9;]*m", "", colored)
    assert [line.rstrip() for line in stripped.splitlines()] == plain.splitlines()


def test_csv_keeps_every_digit():
    rows = list(csv.DictReader(io.StringIO(shown("chinchilla", "csv")[0])))
    beta = next(row for row in rows if row["parameter"] == "beta")
    assert (float(beta["estimate"]), beta["kind"]) == (0.367172, "fitted")


def test_an_unknown_format_names_those_there_are():
    with pytest.raises(UsageError) as error:
        shown("bad", "no-such-format")
    assert "latex" in error.value.hint


def test_only_tables_import_rich_and_none_plotext():
    program = (
        "import sys; from tests.factories import *; from scaling_cli.report.fit import view as fit\n"
        "from scaling_cli.report.pages.render import render, render_notes\n"
        "from scaling_cli.report.pages.look import Look\n"
        "from scaling_cli.report.pages import interactive; interactive._bundle = str\n"  # takes two seconds to make
        f"for format in {[format for format in FORMATS if format != 'table']!r}:\n"
        "    render(groups_report(), format, fit, look=Look())\n"
        "    render_notes(groups_report(), format, Look())\n"
        "    assert not {'rich', 'plotext', 'polars'} & sys.modules.keys(), format\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
