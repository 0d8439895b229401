"""What a forecast starts from: a group of runs or a saved fit, made into a forecaster."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scaling_cli.analysis.forecast.describe import single_law_forecast
from scaling_cli.analysis.forecast.doubts import lone_growth, pooled_sizes
from scaling_cli.analysis.forecast.forecaster import Forecaster
from scaling_cli.analysis.forecast.interpolation import JoinedForecast, join_interpolation
from scaling_cli.analysis.forecast.question import ForecastQuestion
from scaling_cli.analysis.forecast.recipe import changes, recipe_of
from scaling_cli.analysis.forecast.stacked import REPLICATES, StackedForecast, forecast_asking
from scaling_cli.analysis.forecast.windows import ForecastPoints
from scaling_cli.arrays import Array, Flags
from scaling_cli.caveats import Caveat, caveat
from scaling_cli.data.runs.table import RunTable
from scaling_cli.document.saved_fit import SavedFit
from scaling_cli.errors import DataError, FitError, UsageError
from scaling_cli.fitting.ask import Asking
from scaling_cli.fitting.checks.adequacy import average_doubts
from scaling_cli.fitting.checks.influence import outlying_doubts
from scaling_cli.fitting.checks.repeats import err_together, together_doubt
from scaling_cli.fitting.drawing import Resampling
from scaling_cli.fitting.fit import Grouped, Settings, fit_asking
from scaling_cli.fitting.fit import fit as fit_group
from scaling_cli.fitting.objective import Objective
from scaling_cli.fitting.optimum import optimum_asking
from scaling_cli.fitting.problem import Problem, problem_from_arrays
from scaling_cli.fitting.uncertainty import group_hash
from scaling_cli.flops import scale_name
from scaling_cli.laws import Law, find_law
from scaling_cli.numbers.format import number_of
from scaling_cli.numbers.surface import has_params_and_tokens
from scaling_cli.options.extrapolate import Extrapolate
from scaling_cli.points.choose import Choice, choose
from scaling_cli.points.group import grouped_for, ranges_of, tokens_per_param
from scaling_cli.points.held import hold
from scaling_cli.points.mixture import own_inputs
from scaling_cli.points.table import PointTable
from scaling_cli.points.weights import Weighting, scale_of
from scaling_cli.record import Record, replace
from scaling_cli.results.fit import FitResult

FEWEST_VALUES = 3  # different ones of a sole input


class Method(Record):
    """How to forecast: the options, and the settings of a plain fit."""

    asked: Extrapolate
    settings: Settings

    def choose(self, table: RunTable, ask: ForecastQuestion) -> Choice:
        """The law, or with `auto` the inputs of those that are averaged: by the columns, and by what is asked for."""
        asked = self.asked
        own = own_inputs(asked.map, asked.law)
        choice = choose(
            table.frame, asked.law, asked.x, start=asked.start, bound=asked.bound, own=own, others=table.others
        )
        if choice.law.is_curve and (
            ask.backtest or ask.suite.tasks or ask.suite.is_joint or ask.target_losses or asked.estimator == "describe"
        ):
            raise UsageError(
                f"{asked.law} can only forecast how the runs in the log continue, at the rows of --targets.",
                hint="Leave out --backtest, --then, --target-loss and --estimator describe, and give one --loss.",
            )
        roles = {role for target in ask.targets for role in target.at}
        is_surface = has_params_and_tokens(choice.inputs)
        if asked.law == "auto" and asked.x is None and not is_surface and len(roles) == 1:
            (role,) = roles
            if role in table.frame.columns and role not in choice.inputs.values():
                choice = choose(table.frame, asked.law, role)
        return hold(choice, asked.fix, asked.tie, table.frame)

    def check_saved(self, ask: ForecastQuestion) -> None:
        """Refuse what a saved fit cannot answer.

        Raises:
            UsageError: The question needs the runs.
        """
        suite = ask.suite
        used = {
            "--then": suite.tasks,
            "--loss": suite.is_joint and suite.losses,
            "--backtest": ask.backtest,
            "--law": self.asked.law != "auto",
            "--x": self.asked.x is not None,
        }
        option = next((option for option, is_used in used.items() if is_used), None)
        if option is not None:
            raise UsageError(f"{option} needs the runs, but a saved fit has only their law.", hint="Give the runs.")


class ForecastData(Record):
    """One group: what forecasts, and the data where they are at hand.

    Attributes:
        forecast: The part of `forecaster` with rolling origins, if it has one.
        metrics: Metrics of the second stage by column `(n,)`, with nan where they are not known.
        run_names: The names of the runs, where a law continues runs instead of adding new ones.
        ratios: The least and the most tokens per param.
        labels: What names the runs.
        law: Says what values each input may have; where laws are averaged, the one chosen by the columns.
    """

    forecaster: Forecaster
    group: dict[str, str]
    inputs: dict[str, str]
    ranges: dict[str, tuple[float, float]]
    points: ForecastPoints | None
    forecast: StackedForecast | None = None
    laws: tuple[Law, ...] = ()
    metrics: Mapping[str, Array] = {}
    run_names: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    ratios: tuple[float, float] | None = None
    labels: tuple[str, ...] = ()
    law: Law | None = None

    @property
    def params(self) -> Array | None:
        """The params of the data, or the ends of their range."""
        if self.points is not None:
            return self.points.columns.get("params")
        return np.array(self.ranges["params"]) if "params" in self.ranges else None

    @property
    def span(self) -> tuple[float, float] | None:
        """Least and largest scale of the data, which is that of a sole input, else compute."""
        if self.points is not None:
            return float(self.points.scale.min()), float(self.points.scale.max())
        return self.ranges.get(scale_name(self.inputs) if len(self.inputs) == 1 else "compute")

    def is_inside(self, scale: Array) -> Flags:
        """Which scales `(n,)` lie so far inside the data that the forecast is not read there."""
        if isinstance(self.forecaster, JoinedForecast):
            return self.forecaster.is_inside(scale)
        return np.zeros(len(scale), dtype=bool)

    def require_span(self) -> tuple[float, float]:
        """`span`, where it is known.

        Raises:
            UsageError: The saved fit has no ranges.
        """
        if self.span is None:
            role = scale_name(self.inputs)
            hint = f"Give --at {role}=AMOUNT, and no --target-loss."
            raise UsageError("This fit does not say how large its runs were.", hint=hint)
        return self.span


def plain_fit(
    table: PointTable, group: dict[str, str], choice: Choice, method: Method
) -> tuple[FitResult, list[Caveat]]:
    """The fit of one law to a group of runs, as `describe` uses it."""
    return fit_group(_grouped(table, group, choice, method.asked), method.settings)


def _grouped(table: PointTable, group: dict[str, str], choice: Choice, asked: Extrapolate) -> Grouped:
    weighting = Weighting(asked.weight, asked.scale_weight or 0.0, asked.prior or "none")
    return grouped_for(table, group, choice, asked.space, weighting)


def evidence_from(
    table: PointTable,
    group: dict[str, str],
    choice: Choice,
    ask: ForecastQuestion,
    method: Method,
    *,
    drawn_as: Mapping[str, str],
    has_names: bool = True,
) -> Asking[tuple[ForecastData, list[Caveat]]]:
    """One group of runs, its forecaster fitted; groups with the same `drawn_as` resample the same runs.

    Without `has_names`, every row is one run, and runs are labelled by their inputs.

    Raises:
        DataError: The runs do not say how large they are.
        FitError: Nothing can be forecast from them.
        UsageError: Some losses have no logarithm.
    """
    asked, settings, is_curve = method.asked, method.settings, choice.law.is_curve
    problem = table.problem(choice.law, choice.inputs, asked.space)
    points = _points(table, choice, asked, problem)
    ranges, ratios = ranges_of(table, choice), tokens_per_param(table)
    if asked.estimator == "describe":
        grouped = _grouped(table, group, choice, asked)
        result, doubts = yield from fit_asking(grouped, settings)
        plain = single_law_forecast(result, settings.level, grouped.problem)
        return ForecastData(
            plain, group, choice.inputs, ranges, points, recipe=changes(asked), ratios=ratios, law=choice.law
        ), doubts
    laws = () if asked.law == "auto" else (choice.law,)
    checked = None if is_curve else (yield from optimum_asking(problem, Objective()))
    together = None if checked is None else err_together(checked)
    together = together if together is not None and together.is_clear else None
    stacked = yield from forecast_asking(
        points if together is None else replace(points, runs=together.configurations),
        Resampling(min(settings.replicates, REPLICATES), settings.seed, group_hash(drawn_as) % 2**32),
        laws=laws, recipe=recipe_of(asked), level=settings.level, with_inside=not is_curve,
    )  # fmt: skip
    forecaster = stacked if is_curve else (yield from join_interpolation(stacked))
    sizes = len(np.unique(table.numbers("params"))) if "params" in table.columns else 0
    doubts = [
        *(yield from average_doubts([] if is_curve else _problems(points, stacked), group)),
        *(outlying_doubts(checked, table.run_names, group) if checked is not None else ()),
        *pooled_sizes(sizes, choice.inputs, group),
        *lone_growth(ranges, choice.inputs, group),
    ]
    if together is not None:
        doubts.append(together_doubt(together, problem.run_count, is_resampled=True, group=group))
    return ForecastData(
        forecaster=forecaster,
        group=group,
        inputs=choice.inputs,
        ranges=ranges,
        points=points,
        forecast=stacked,
        laws=laws,
        metrics={task.metric: table.numbers(task.metric, own=True) for task in ask.suite.tasks},
        run_names=table.run_names if is_curve else (),
        recipe=changes(asked),
        ratios=ratios,
        labels=table.run_names if has_names else _amounts(points),
        law=choice.law,
    ), doubts


def _points(table: PointTable, choice: Choice, asked: Extrapolate, problem: Problem) -> ForecastPoints:
    """The points of a group, with the size of each point's run.

    Raises:
        DataError: The runs do not say how large they are.
        FitError: The runs do not show how loss depends on an input.
        UsageError: Some losses have no logarithm.
    """
    scale = problem.columns["step"] if choice.law.is_curve else scale_of(table, choice.inputs)
    if scale is None:
        raise DataError(
            "The size of the runs is unknown, because they have neither compute nor both params and tokens.",
            hint="Name the column of compute with --compute, or those of params and tokens with --params and --tokens.",
        )
    weights = Weighting(asked.weight).weights(table, choice.inputs)
    if not choice.law.is_curve:
        require_variety(problem.columns, choice.inputs)
    if (problem.observed <= 0).any():
        raise UsageError(
            "A forecast needs the logarithm of each loss, but some losses are not positive.",
            hint="Leave them out with --where 'loss > 0', or describe the runs with scaling fit --space linear.",
        )
    return ForecastPoints(problem.columns, problem.observed, problem.runs, scale, weights)


def _amounts(points: ForecastPoints) -> tuple[str, ...]:
    """A label for each run by its inputs, in the order in which `runs` numbers them."""
    rows = zip(*(points.columns[name][np.argsort(points.runs)].tolist() for name in points.columns), strict=True)
    return tuple(map(repr, rows))


def _problems(points: ForecastPoints, stacked: StackedForecast) -> list[Problem]:
    """Each law of a forecast with the points to fit it to, all of them equal."""
    laws = {fit.law.name: fit.law for fit in stacked.stack.fits}
    return [
        problem_from_arrays(
            law, {name: points.columns[name] for name in law.inputs}, points.observed, points.runs,
            weights=points.weights,
        )
        for law in laws.values()
    ]  # fmt: skip


def require_variety(columns: Mapping[str, Array], inputs: Mapping[str, str]) -> None:
    """Refuse inputs that take too few different values.

    Raises:
        FitError: The runs do not show how loss depends on an input.
    """
    fewest = FEWEST_VALUES if len(inputs) == 1 else 2
    for name, column in inputs.items():
        distinct = len(np.unique(columns[name]))
        if distinct < fewest:
            raise FitError(
                f"Runs at {number_of(distinct, 'value')} of {column} do not show how loss depends on it.",
                hint=f"Add runs until there are {fewest} values, or forecast along another column with --x.",
            )


def saved_evidence(saved: SavedFit, method: Method) -> tuple[ForecastData, list[Caveat]]:
    """A saved fit as it forecasts."""
    law = find_law(saved.law, tuple(saved.inputs))
    inputs = saved.inputs or {name: name if name != "x" else "compute" for name in law.inputs}
    made = single_law_forecast(saved, method.settings.level)
    doubts = [*saved.known, *([] if saved.draws else [caveat("no-draws", saved.group)])]
    return ForecastData(made, saved.group, inputs, saved.ranges, None, law=law), doubts
