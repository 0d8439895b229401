"""The options of `scaling score`."""

from __future__ import annotations

from scaling_cli.options.command import Argument, Command
from scaling_cli.options.kinds import share_between
from scaling_cli.options.option import Options, changed, option
from scaling_cli.options.reading import Reading


class Matching(Options):
    """Which run a forecast is of."""

    heading = "Score"

    within: float = option(
        0.05, share_between(inclusive=True, example="5%"), "Largest difference in params, tokens or compute between a "
        "forecast and its run.",
        is_basic=True,
    )  # fmt: skip


class Score(Matching, Reading):
    """Everything that `scaling score` takes."""

    by: tuple[str, ...] = changed(
        Reading.by,
        help="Group the runs by these columns while reading them, as for `scaling fit`; groups of forecasts "
        "need no --by.",
        is_basic=False,
    )


COMMAND = Command(
    about="Score forecasts that were saved before the runs were trained: errors, and how often the runs lie inside the "
    "intervals.",
    argument=Argument(
        name="files", metavar="FORECAST.json... RUNS...",
        python="str | os.PathLike[str] | Iterable[str | os.PathLike[str] | Answer[Extrapolation] | Runs]",
        help="Forecasts that `scaling extrapolate -o FORECAST.json` saved, or folders of them, then the runs that were "
        "trained later, in any format that `scaling fit` reads.",
        takes_results=True,
    ),
    options=Score,
    examples=(
        ("scaling score forecast.json new_runs.csv", "one forecast"),
        ("scaling score forecasts/ new_runs.csv", "every forecast in a folder, with their calibration"),
    ),
)  # fmt: skip
