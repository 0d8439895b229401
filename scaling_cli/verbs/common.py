"""What the verbs share: how to load and group runs, saved fits, and the parts of a report."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from scaling_cli.caveats import Caveat, caveat
from scaling_cli.caveats.order import rank
from scaling_cli.data.files.pipes import StreamCopy, copy_of
from scaling_cli.data.names import inputs_in_words
from scaling_cli.data.paths_or_table import PathsOrTable, is_table, paths_of
from scaling_cli.data.runs.table import RunTable
from scaling_cli.errors import ScalingError, UsageError
from scaling_cli.fitting.fit import Settings
from scaling_cli.fitting.objective import Objective
from scaling_cli.flops import SIX_ND
from scaling_cli.jobs import Progress
from scaling_cli.numbers.format import with_and
from scaling_cli.options.option import Option, Options
from scaling_cli.points.choose import Choice
from scaling_cli.record import Record, replace
from scaling_cli.results.report import Failure, Report, Result
from scaling_cli.sentences import with_sentences

if TYPE_CHECKING:
    from scaling_cli.data.samples.load import SampleTable
    from scaling_cli.laws import Law
    from scaling_cli.options.compare_exponents import CompareExponents
    from scaling_cli.options.extrapolate import Extrapolate
    from scaling_cli.options.fit import Fit
    from scaling_cli.options.optimal_allocation import OptimalAllocation
    from scaling_cli.options.plan import Plan

Runs = PathsOrTable
Given: TypeAlias = "Runs | Report[Any]"  # runs, or the answer of `fit` in their place

FILE = "file"  # the key of a group that is a file
LOSS = "loss"  # the key of a group that is a column of the loss


def unread(table: RunTable | SampleTable) -> list[Failure]:
    """The files that could not be read while others could."""
    return [Failure({FILE: file.path}, file.error, file.hint) for file in table.unread]


def add_failure(group: dict[str, str], error: ScalingError, failures: list[Failure], caveats: list[Caveat]) -> None:
    """Add a group that failed to the failures, with the caveats that were found before; other groups may still succeed.

    Raises:
        ScalingError: The error itself, where there are no groups, or where the options are wrong for all of them.
    """
    if not group or isinstance(error, UsageError):
        error.unread = (*failures, *error.unread)
        raise error
    failures.append(Failure(group, error.message, error.hint))
    caveats += known_before(error)


def for_laws(caveats: Iterable[Caveat], laws: Iterable[Law]) -> list[Caveat]:
    """The caveats of a table without that on metrics that grow, where all laws are made for them."""
    from scaling_cli.laws.topics import may_grow

    is_suited = all(may_grow(law) for law in laws)
    return [found for found in caveats if not (is_suited and found.code == "metric-grows")]


def report_of(
    command: str,
    table: RunTable,
    asked: Options,
    results: Iterable[Result],
    caveats: Sequence[Caveat],
    failures: Iterable[Failure],
) -> Report[Result]:
    """The report of a command on the runs of a table, with each caveat once."""
    said = with_sentences(command, results, table.columns)
    return Report(command, table.sources, table.columns, asked.recorded(), said, merged(caveats), tuple(failures))


@contextmanager
def knowing(caveats: Sequence[Caveat], failures: Sequence[Failure] = ()) -> Iterator[None]:
    """Add to an error that says that the data cannot be fitted what may be its reason: caveats, and unread files."""
    try:
        yield
    except ScalingError as error:
        if not isinstance(error, UsageError):
            error.caveats = merged([*caveats, *known_before(error)])
            error.unread = (*failures, *error.unread)
        raise


def known_before(error: ScalingError) -> list[Caveat]:
    """The caveats that were found before an error, which may be its reason."""
    return [found for found in error.caveats if isinstance(found, Caveat)]


def refused(empty: Report[Any], label: Mapping[str, str], error: ScalingError) -> Report[Any]:
    """The empty report with an error as a failure under the label, and with the caveats that were found before."""
    failure = Failure(dict(label), error.message, error.hint)
    return replace(empty, failures=(failure,), caveats=_under(label, known_before(error)))


def _under(label: Mapping[str, str], caveats: Iterable[Caveat]) -> tuple[Caveat, ...]:
    return tuple(replace(each, group={**label, **(each.group or {})}) for each in caveats)


def settings_of(
    asked: Fit | CompareExponents | OptimalAllocation | Extrapolate | Plan, on_progress: Progress | None = None
) -> Settings:
    """How to fit, as the engine takes it."""
    return Settings(
        objective=Objective(getattr(asked, "objective", None) or "huber", getattr(asked, "delta", None)),
        interval=asked.interval,
        level=asked.level,
        replicates=asked.replicates,
        seed=asked.seed,
        needs_interval="none" not in asked.options["interval"].choices,
        spread=getattr(asked, "spread", False),
        expect=getattr(asked, "expect", {}),
        workers=asked.workers,
        on_progress=on_progress,
    )


def require_compute(choice: Choice, rule: str) -> None:
    """Refuse another FLOP rule for a law without compute, whose derived quantities would still assume 6ND.

    Raises:
        UsageError: Another rule was asked for, and the law is not of compute.
    """
    if rule != SIX_ND and "compute" not in choice.inputs.values():
        raise UsageError(
            f"--flops-rule {rule!r} counts compute, but {choice.law.name} is a law of "
            f"{inputs_in_words(choice.law.inputs, choice.inputs)}.",
            hint="Leave it out, give --x compute, or use `scaling optimal-allocation`, which takes any rule.",
        )


def labelled(answer: Callable[[], Report[Any]], label: Mapping[str, str] | None, empty: Report[Any]) -> Report[Any]:
    """The report with the label in every group; if there is a label, an error becomes a failure in `empty`."""
    if label is None:
        return answer()
    try:
        report = answer()
    except ScalingError as error:
        return refused(empty, label, error)
    return replace(
        report,
        results=tuple(replace(each, group={**label, **each.group}) for each in report.results),
        caveats=_under(label, report.caveats),
        failures=tuple(replace(each, group={**label, **each.group}) for each in report.failures),
    )


def merged(caveats: Sequence[Caveat]) -> tuple[Caveat, ...]:
    """The caveats, each once, those first that may change the answer."""
    kept: dict[Hashable, Caveat] = {}
    for found in caveats:
        group = None if found.group is None else frozenset(found.group.items())
        kept.setdefault((found.code, found.message, group), found)
    return tuple(sorted(kept.values(), key=lambda found: rank(found.code)))


def is_published(runs: Given | None, law: str) -> bool:
    """Whether a published fit stands in place of runs, as in `--law chinchilla:besiroglu`.

    Raises:
        UsageError: There are both, or neither.
    """
    from scaling_cli.laws.published import names_published

    has_runs = runs is not None and not (isinstance(runs, list | tuple) and not runs)
    if names_published(law):
        if has_runs:
            raise UsageError(
                f"--law {law} is a published fit, which cannot be combined with runs.",
                hint="Leave the runs out, or give only the name of the law, without the fit.",
            )
        return True
    if not has_runs:
        raise UsageError(
            "No runs are given.", hint="Give runs or a saved fit, or a published fit: --law chinchilla:besiroglu."
        )
    return False


def guess_doubts(law: str) -> list[Caveat]:
    """A caveat if the uncertainty of a published fit is a guess."""
    from scaling_cli.laws.published import COEFFICIENT_SPREAD, EXPONENT_SPREAD, published_law

    if not published_law(law).is_guess:
        return []
    return [caveat("guessed-uncertainty", fit=law, exponents=EXPONENT_SPREAD, coefficients=COEFFICIENT_SPREAD)]


class SavedFile(Record):
    """A saved fit: its name as given, the path of its bytes, and what keeps them where they are a copy."""

    name: str
    path: Path
    copy: object = None


def saved_or_runs(given: Given) -> SavedFile | Runs:
    """The one saved fit that is given, if it is one, as a file or as an answer in memory, and otherwise the runs.

    Raises:
        UsageError: Other inputs are given beside a saved fit.
        DataError: Standard input or a pipe cannot be read.
    """
    from scaling_cli.data.files.saved import is_document

    if isinstance(given, Report):
        return written_down(given, f"the answer of {given.command}")
    files = [] if is_table(given) else [_saved_file(name) for name in paths_of(given)]
    documents = [file for file in files if is_document(file.path)]
    if documents and len(files) > 1:
        raise UsageError(
            f"{documents[0].name} is a saved fit, which cannot be combined with other inputs.",
            hint="Give only that file, or only runs.",
        )
    return documents[0] if documents else given


def written_down(report: Report[Any], name: str) -> SavedFile:
    """The document of an answer in memory, in a temporary file that lives as long as this record."""
    from scaling_cli.document.write import to_json

    copy = StreamCopy(BytesIO(to_json(report).encode()))
    return SavedFile(name, Path(copy.path), copy)


def _saved_file(name: str) -> SavedFile:
    copy = copy_of(name)
    return SavedFile(name, Path(name if copy is None else copy.path), copy)


def refuse_refitting(
    file: SavedFile, asked: Options, parts: Sequence[type[Options]], also: Sequence[Option] = ()
) -> None:
    """Refuse options that only a new fit could obey: `also`, and those of the classes `parts`.

    Raises:
        UsageError: One of them is given.
    """
    _refuse(f"{file.name} is a saved fit", "give the runs instead of the saved fit", asked, parts, also)


def refuse_with_published(
    law: str, asked: Options, parts: Sequence[type[Options]], also: Sequence[Option] = ()
) -> None:
    """Refuse, beside a published fit, options that only runs could obey: `also`, and those of the classes `parts`.

    Raises:
        UsageError: One of them is given.
    """
    _refuse(f"{law} is a published fit", "give runs, and only the name of the law", asked, parts, also)


def refuse_with_attempts(asked: Options, obeyed: Sequence[str]) -> None:
    """Refuse, with goals of coverage, options that only a plan of runs obeys: all but `obeyed`.

    Raises:
        UsageError: One of them is given.
    """
    others = [option for name, option in asked.options.items() if name not in obeyed]
    _refuse("A goal of coverage asks for attempts", "give a goal of another kind", asked, (), others)


def _refuse(what: str, remedy: str, asked: Options, parts: Sequence[type[Options]], also: Sequence[Option]) -> None:
    names = dict.fromkeys(
        option.name for option in (*(each for part in parts for each in part.options.values()), *also)
    )
    given = [asked.options[name].flag for name in names if getattr(asked, name) != asked.options[name].default]
    if given:
        raise UsageError(
            f"{what}, which {with_and(given)} cannot change.",
            hint=f"Leave {'it' if len(given) == 1 else 'them'} out, or {remedy}.",
        )
