"""From recorded options back to words of a command line, so that a command that is suggested reads the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scaling_cli.options.option import Option, Options


def words_for(options: type[Options], recorded: Mapping[str, object]) -> tuple[str, ...]:
    """The words that give a command these values, such as `--tokens seen`; values that are the default need none.

    Args:
        options: The options of the command.
        recorded: Values by name, as a result repeats them; other names are ignored.
    """
    given = ((options.options[name], value) for name, value in recorded.items() if name in options.options)
    return tuple(word for option, value in given for word in _words(option, value))


def _words(option: Option, value: object) -> Iterator[str]:
    if value == option.kind.record(option.default):
        return
    if option.kind.is_switch:
        yield option.flag if value else option.flags[-1]
        return
    if isinstance(value, Mapping):
        parts = [f"{key}={part}" for key, part in value.items()]
    else:
        parts = [str(part) for part in value] if isinstance(value, list | tuple) else [str(value)]
    for part in parts:
        yield from (option.flag, part)
