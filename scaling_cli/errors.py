"""Errors: each kind has an exit code, and each error a hint that says what to try."""

from __future__ import annotations

TYPE_CHECKING = False  # that of `typing`, whose import takes a seventh of `--version`
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class ScalingError(Exception):
    """There is no usable result: `message` says what is wrong, and `hint` what to do.

    A command prints both, and exits with `exit_code`.
    """

    exit_code = 1
    caveats: Sequence[object] = ()  # what was found out about the data before, which may be the reason
    unread: Sequence[object] = ()  # failures of files that could not be read, while others could
    partial: object = None  # a report of what could be found out before the error, where there is one

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.add_note(f"hint: {hint}")  # shown in the traceback when nothing catches the error

    def hinting(self, hint: str) -> ScalingError:
        """The same error with another hint."""
        return self._saying(self.message, hint)

    def naming(self, what: str) -> ScalingError:
        """The same error with what it is about before the message."""
        return self._saying(f"{what}: {self.message}", self.hint)

    def _saying(self, message: str, hint: str) -> ScalingError:
        other = _rebuild(type(self), message, hint)
        other.caveats, other.unread, other.partial = self.caveats, self.unread, self.partial
        return other

    def __reduce__(self) -> tuple[object, ...]:
        # Errors are pickled to leave a worker process; the default would lose the hint.
        known = {name: self.__dict__[name] for name in ("caveats", "unread", "partial") if name in self.__dict__}
        return (_rebuild, (type(self), self.message, self.hint), known)


def _rebuild(kind: type[ScalingError], message: str, hint: str) -> ScalingError:
    return kind(message, hint=hint)


def nearest(name: str, names: Iterable[str]) -> str:
    """The beginning of a hint, `Did you mean alpha? `, or nothing if no name is similar."""
    import difflib  # only errors need it

    by_folded = {each.casefold(): each for each in names}
    near = difflib.get_close_matches(name.casefold(), by_folded, n=1)
    return f"Did you mean {by_folded[near[0]]}? " if near else ""


class UsageError(ScalingError):
    """The command asks for something that does not exist, or its options contradict each other."""

    exit_code = 2


class DataError(ScalingError):
    """The input cannot be read, or lacks something that the command needs."""

    exit_code = 3


class FitError(ScalingError):
    """The data can be read, but no law fitted to them could be trusted."""

    exit_code = 4
