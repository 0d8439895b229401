import csv
import io
import subprocess
import sys

import pytest

from scaling_cli.analysis.comparison.groups import wide_floor
from scaling_cli.analysis.comparison.wording import sentence
from scaling_cli.caveats import caveat
from scaling_cli.record import replace
from scaling_cli.report.compare_exponents import view
from scaling_cli.report.compare_exponents.facts import probability
from scaling_cli.report.pages.look import Look
from scaling_cli.report.pages.render import FORMATS, render, render_notes
from scaling_cli.results.comparison import (
    Comparison,
    ComparisonResult,
    Crossover,
    Group,
    Margin,
    Model,
    Multiplier,
    NestedTest,
)
from scaling_cli.results.fit import Estimate, IntervalMethod
from scaling_cli.results.report import Failure
from scaling_cli.sentences.compare_exponents import sentence as answer
from tests.factories import power_result, report


def group(name, b, c, *, identified=True):
    parameters = {"a": Estimate(31.4, 30.5, 36.3), "b": Estimate(b, b - 0.004, b + 0.003), "c": c}
    return Group(name, {"optimizer": name}, 24, 24, parameters, {}, 0.0031, identified, 0.12, {"compute": (1e19, 1e23)})


def compared(left, right, verdict, difference, **changes):
    made = Comparison(
        left=left, right=right, exponent_difference=difference, statistic=1.3, p_value=0.031, p_adjusted=0.062,
        method="wild-bootstrap", verdict=verdict, sentence="", margin={"b": 0.0017}, equivalence_p_value=0.4,
        minimum_detectable_difference={"b": 0.0098},
        compute_multiplier=(
            Multiplier(2.81, 2.246, 2.145, 2.455, 1e19, False),
            Multiplier(1.2, None, None, None, 1e26, True),
        ),
        crossover=Crossover(4.14e26, 4.4e25, None, "above"), crossover_probability=0.1,
    )  # fmt: skip
    made = replace(made, **changes)
    words = sentence(
        left, right, verdict, difference=difference, p_adjusted=made.p_adjusted, margin=made.margin,
        detectable=made.minimum_detectable_difference,
    )  # fmt: skip
    return replace(made, sentence=words)


def result(**changes):
    made = ComparisonResult(
        group={}, runs=72, points=72, law="power-constant", formula="a * x^b + c", inputs={"x": "compute"},
        reason="8 different values of compute are enough to show a floor", exponents=("b",),
        objective={"name": "huber", "space": "log"},
        interval=IntervalMethod("wild", 0.95, 1000, "run"), is_paired=True, floor="separate", reference=None,
        groups=(
            group("adamw", -0.0542, Estimate(0.0, 0.0, 0.2)),
            group("[red]muon\x1b[31m", -0.0545, Estimate(0.089, 0.0, 0.197)),
            group("sgd", -0.07, Estimate(0.9, None, 1.5), identified=False),
        ),
        models=(Model("shared-exponent", ("b",), 7, 61.2), Model("all-separate", (), 9, 58.0)),
        tests={
            "same_curve": NestedTest(222.0, 0.0009, "wild-bootstrap", "one-curve", "all-separate", 1000),
            "same_exponent": NestedTest(0.03, 0.86, "wild-bootstrap", "shared-exponent", "all-separate", 1000),
        },
        margin=Margin("compute", 8.64e22, 1e26, 1.25),
        comparisons=(
            compared("adamw", "[red]muon\x1b[31m", "inconclusive", {"b": Estimate(0.0003, -0.0054, 0.0041)}),
            compared(
                "adamw", "sgd", "different", {"b": Estimate(0.0158, 0.0112, 0.021)}, p_value=0.0002, p_adjusted=0.0006
            ),
            compared(
                "[red]muon\x1b[31m", "sgd", "not-identified", {"b": Estimate(0.0155, None, 0.04)}, p_value=None,
                p_adjusted=None, crossover=None, compute_multiplier=(), crossover_probability=None,
            ),
        ),
        fits=(power_result(group={"optimizer": "adamw"}),),
    )  # fmt: skip
    return replace(made, **changes)


def optimizers():
    return report(
        result(),
        command="compare-exponents",
        caveats=(
            caveat("low-power", weak=2, pairs=3, share=0.25),
            caveat("floor-open", {"optimizer": "sgd"}, reason=wide_floor(0.67)),
        ),
        failures=(Failure({"optimizer": "li\x1bon"}, "1 point is too few.", "Add runs."),),
    )


def surfaces():
    alpha, beta = Estimate(0.041, -0.035, 0.108), Estimate(-0.034, -0.089, 0.021)
    one = compared(
        "c4", "rpj", "equivalent", {"alpha": alpha, "beta": beta, "params_exponent": Estimate(-0.07, -0.2, 0.09)},
        margin={"alpha": 0.2, "beta": 0.15}, minimum_detectable_difference={"alpha": 0.086, "beta": None},
    )  # fmt: skip
    groups = (group("c4", -0.1, Estimate(1.6)), group("rpj", -0.1, Estimate(1.7)))
    return report(
        result(groups=groups, comparisons=(one,), is_paired=False, floor="shared"), command="compare-exponents"
    )


REPORTS = {"optimizers": optimizers, "surfaces": surfaces}


def shown(name, format="table", **look):
    made = REPORTS[name]()
    return render(made, format, view, look=Look(**look)), render_notes(made, format, Look(**look))


@pytest.mark.parametrize("width", [80, 200, None], ids=str)
@pytest.mark.parametrize("name", REPORTS)
def test_tables_look_as_approved(matches_golden, name, width):
    table, notes = shown(name, width=width)
    matches_golden(f"compare-table-{name}-{width or 'pipe'}", table + "\n" + notes)


@pytest.mark.parametrize("format", ["plain", "csv", "md", "latex"])
@pytest.mark.parametrize("name", REPORTS)
def test_other_formats_look_as_approved(matches_golden, name, format):
    text, notes = shown(name, format)
    matches_golden(f"compare-{format}-{name}", text + "\n" + notes)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
@pytest.mark.parametrize("name", REPORTS)
def test_nothing_is_wider_than_the_terminal(name, width):
    table, notes = shown(name, width=width)
    assert max(len(line) for line in (table + notes).splitlines()) <= width


@pytest.mark.sample(2)
@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("name", REPORTS)
def test_no_format_lets_control_characters_through(name, format):
    text = "".join(shown(name, format))
    assert all(character == "\n" or character.isprintable() for character in text)


def test_csv_has_a_row_for_each_exponent():
    rows = list(csv.DictReader(io.StringIO(shown("surfaces", "csv")[0])))
    assert [row["exponent"] for row in rows] == ["alpha", "beta", "params_exponent"]
    assert rows[0]["estimate"] == "0.041"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.86, "0.86"),
        (0.0123, "0.012"),
        (0.0031, "0.003"),
        (0.001, "0.001"),
        (0.0002, "<0.001"),
        (None, "-"),
        (1.0, "1"),
    ],
)
def test_p_values_are_short(value, expected):
    assert probability(value) == expected


def test_a_large_p_value_never_says_that_exponents_are_the_same():
    text = "".join(shown("optimizers", "plain")).replace("same exponent p", "").replace("same exponent and floor p", "")
    assert "same exponent" not in text
    assert "do not show whether" in text


@pytest.mark.thorough
def test_only_tables_import_rich_and_none_plotext():
    program = (
        "import sys; from tests.report.compare_exponents.test_view import optimizers\n"
        "from scaling_cli.report.compare_exponents import view\n"
        "from scaling_cli.report.pages.render import render, render_notes\n"
        "from scaling_cli.report.pages.look import Look\n"
        "from scaling_cli.report.pages import interactive; interactive._bundle = str\n"  # takes two seconds to make
        f"for format in {[format for format in FORMATS if format != 'table']!r}:\n"
        "    render(optimizers(), format, view, look=Look()); render_notes(optimizers(), format, Look())\n"
        "    assert not {'rich', 'plotext', 'polars'} & sys.modules.keys(), format\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_of_many_pairs_the_difference_that_is_named_is_one_that_differs_and_says_of_which_exponent():
    unclear, clear = Estimate(-0.006, -0.08, 0.07), Estimate(-0.063, -0.1, -0.03)
    pairs = (
        compared("books", "code", "different", {"alpha": unclear, "beta": clear}),
        compared("books", "web", "inconclusive", {"alpha": Estimate(-0.2, -0.5, 0.1), "beta": unclear}),
    )
    said = answer(result(comparisons=pairs), "Loss")
    assert "Those of books and code differ by -0.06 [-0.10, -0.03] in beta." in said
