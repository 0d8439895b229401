"""What can go wrong, each kind with its exit code and a hint about what to try."""

from __future__ import annotations


class ScalingError(Exception):
    """No usable result. `main` prints the message and the hint and exits with `exit_code`."""

    exit_code = 1
    partial: object = None  # a report of what could be found out before the error, where there is one

    def __init__(self, message: str, *, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.add_note(f"hint: {hint}")  # which a traceback shows, where no one maps errors to lines

    def __reduce__(self) -> tuple[object, ...]:
        # Errors travel back from worker processes; the default would drop the keyword.
        return (_rebuild, (type(self), self.message, self.hint))


def _rebuild(kind: type[ScalingError], message: str, hint: str) -> ScalingError:
    return kind(message, hint=hint)


class UsageError(ScalingError):
    """The command asks for something that does not exist or that contradicts itself."""

    exit_code = 2


class DataError(ScalingError):
    """The input cannot be read, or lacks what the question needs."""

    exit_code = 3


class FitError(ScalingError):
    """The data are readable, but no law fitted to them could be trusted."""

    exit_code = 4
