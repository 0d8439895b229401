"""What `scaling extrapolate` asks: the runs of `--at` and of the file of `--targets`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from scaling_cli.data.names import COLUMN
from scaling_cli.laws import find_law, is_formula

if TYPE_CHECKING:
    from scaling_cli.analysis.forecast.question import ForecastQuestion
    from scaling_cli.analysis.forecast.suite import Suite
    from scaling_cli.document.saved_fit import SavedFit
    from scaling_cli.options.extrapolate import Extrapolate


def question(asked: Extrapolate, suite: Suite, inputs: Iterable[str]) -> ForecastQuestion:
    """What is asked, with all targets; `inputs` are names that may be columns of amounts in the file of targets."""
    from scaling_cli.analysis.forecast.question import ForecastQuestion
    from scaling_cli.analysis.forecast.targets import Target, parse_at

    wanted = [target for text in asked.at for target in parse_at(text)]
    if asked.targets is not None:
        from scaling_cli.data.runs.targets import load_targets

        rows = load_targets(
            asked.targets, mapping=asked.mapping, by=asked.by, keep=tuple(dict.fromkeys(inputs)),
            loss_unit=asked.loss_unit, most=asked.max_expand,
        )  # fmt: skip
        wanted += [Target(*row) for row in rows]
    return ForecastQuestion(tuple(wanted), asked.target_loss, asked.backtest, suite)


def inputs_asked(law: str, x: str | None) -> list[str]:
    """The names that a law, and `--x`, give to inputs; those of a formula also name its parameters."""
    named = [] if x is None else [column.strip() for column in x.split(",")]
    if is_formula(law):
        from scaling_cli.formula.tree import parse

        return [*named, *parse(law, has_levels=True).names()]
    return named if law == "auto" else [*named, *(name for name in find_law(law).inputs if name != "x")]


def inputs_saved(fits: Iterable[SavedFit]) -> list[str]:
    """The names of the inputs of saved fits, and of their columns."""
    names = (name for fit in fits for pair in fit.inputs.items() for name in pair)
    return [name.removeprefix(COLUMN) for name in names if name != "x"]
