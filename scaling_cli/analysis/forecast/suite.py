"""Which losses, tasks and averages one call forecasts: from the options, or from a suite file.

A suite file is TOML:

    losses = ["web_loss", "code_loss"]

    [tasks.hellaswag]              # a column of the runs
    loss = "web_loss"              # by default, the loss that predicts the task best
    law = "sigmoid"                # or exponential-saturation
    chance = 0.25

    [averages]
    reasoning = ["hellaswag", "arc"]

`tasks` may also be a list of columns.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from msgspec import ValidationError, convert

from scaling_cli.data.names import guess
from scaling_cli.data.user_texts import read_user_text
from scaling_cli.errors import UsageError
from scaling_cli.options.extrapolate import THEN_LAWS, Extrapolate
from scaling_cli.record import Record, replace

HINT = 'Write losses = ["COL", "COL"], a table [tasks.COL] for each task, and averages under [averages].'


class Task(Record):
    """A task metric to forecast from a loss.

    Attributes:
        metric: Its column.
        law: The law from loss to metric.
        chance: The metric of random guessing, held fixed; None leaves it free.
        loss: Column of the loss that it follows from; None for the one that predicts it best.
    """

    metric: str
    law: str = THEN_LAWS[0]
    chance: float | None = None
    loss: str | None = None


class Suite(Record):
    """The losses, tasks and averages of tasks or losses to forecast; no losses for the column that is recognised."""

    losses: tuple[str, ...] = ()
    tasks: tuple[Task, ...] = ()
    averages: dict[str, tuple[str, ...]] = {}

    @property
    def is_joint(self) -> bool:
        """Whether there is more than one loss and the task that follows from it."""
        return len(self.losses) > 1 or len(self.tasks) > 1 or bool(self.averages)


class _Entry(Record, forbid_unknown_fields=True):
    loss: str | None = None
    law: str = THEN_LAWS[0]
    chance: float | None = None


class _File(Record, forbid_unknown_fields=True):
    losses: tuple[str, ...] = ()
    tasks: dict[str, _Entry] | tuple[str, ...] = {}
    averages: dict[str, tuple[str, ...]] = {}


def suite_of(asked: Extrapolate) -> Suite:
    """The losses, tasks and averages of the options, or of their suite file.

    Raises:
        DataError: The file cannot be read.
        UsageError: It is not a suite, options name losses or tasks, too, or are about a task where there is none.
    """
    of_tasks = {"--chance": asked.chance is not None, "--then-law": asked.then_law != THEN_LAWS[0]}
    about_a_task = next((option for option, is_given in of_tasks.items() if is_given), None)
    if asked.suite is None:
        if about_a_task and not asked.then:
            raise UsageError(
                f"{about_a_task} is about a task metric, but --then names none.",
                hint=f"Name its column with --then COL, or leave {about_a_task} out.",
            )
        tasks = tuple(Task(name, asked.then_law, asked.chance) for name in asked.then)
        return Suite(asked.loss, tasks)
    suite = read_suite(asked.suite)
    if asked.mapping.get("loss") and suite.losses:
        raise UsageError(f"{asked.suite} lists losses, so --loss cannot be given too.", hint="Leave --loss out.")
    if asked.then or about_a_task:
        option = "--then" if asked.then else str(about_a_task)
        raise UsageError(
            f"{asked.suite} describes the tasks, so {option} cannot be given too.",
            hint="Leave it out, and write a table [tasks.COL] for each task, which may have a law and a chance.",
        )
    return replace(suite, losses=suite.losses or asked.loss)


def read_suite(path: str) -> Suite:
    """The suite in a file.

    Raises:
        DataError: The file cannot be read.
        UsageError: It is not a suite, or names what it does not list.
    """
    try:
        document = tomllib.loads(read_user_text(path, HINT))
    except tomllib.TOMLDecodeError as problem:
        raise UsageError(f"{path} is not TOML: {problem}.", hint=HINT) from problem
    try:
        written = convert(document, _File)
    except ValidationError as problem:
        said = str(problem).replace("`object`", "a table").replace("`array`", "a list").replace("Object", "It")
        raise UsageError(f"{path} is not a suite: {said}.", hint=HINT) from problem
    entries: dict[str, Any] = (
        written.tasks if isinstance(written.tasks, dict) else {name: _Entry() for name in written.tasks}
    )
    tasks = tuple(Task(name, entry.law, entry.chance, entry.loss) for name, entry in entries.items())
    followed = [task.loss for task in tasks if task.loss is not None]
    suite = Suite(tuple(dict.fromkeys(written.losses or followed)), tasks, written.averages)
    _check(path, suite)
    return suite


def _check(path: str, suite: Suite) -> None:
    if not (suite.losses or suite.tasks):
        raise UsageError(f"{path} lists no losses and no tasks.", hint=HINT)
    for task in suite.tasks:
        if task.metric in suite.losses:
            raise UsageError(f"{path}: {task.metric} is both a loss and a task.", hint="List it once.")
        if task.law not in THEN_LAWS:
            raise UsageError(
                f"{path}: the law of {task.metric} is {task.law!r}, which is not a law of tasks.",
                hint=f"Choose one of {', '.join(THEN_LAWS)}.",
            )
        if task.chance is not None and not 0 <= task.chance < 1:
            raise UsageError(
                f"{path}: the chance of {task.metric} is {task.chance:g}.",
                hint="Give a share from 0 up to 1, such as 0.25.",
            )
        if task.loss is not None:
            _require(path, task.loss, suite.losses, f"{task.metric} follows from", "losses")
    names = [*suite.losses, *(task.metric for task in suite.tasks)]
    for name, parts in suite.averages.items():
        if not parts:
            raise UsageError(f"{path}: the average {name} lists nothing to average.", hint="List its losses or tasks.")
        if name in names:
            raise UsageError(f"{path}: {name} is both an average and a column.", hint="Rename the average.")
        for part in parts:
            _require(path, part, names, f"the average {name} has", "losses and tasks")


def _require(path: str, name: str, known: Iterable[str], where: str, what: str) -> None:
    known = list(known)
    if name not in known:
        raise UsageError(
            f"{path}: {where} {name!r}, which is not listed.",
            hint=f"{guess(name, known)}Add it to the {what}, or correct its name.",
        )
