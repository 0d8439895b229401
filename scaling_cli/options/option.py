"""What an option is, and classes of options.

A class of options has one `option(...)` for each of its fields. An instance holds values that have been checked,
whether they came as words from the shell or as Python objects from the library. A command's class inherits from the
classes whose options it takes; each of those is a section of `--help` with its own `heading`.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

from scaling_cli.errors import UsageError
from scaling_cli.record import Record, replace

MOST_NAMES = 3  # similar names that a hint offers


class Kind(Record, kw_only=True):
    """How the value of an option is written and read.

    Attributes:
        read: Takes what was given and the name of the flag, and gives the checked value.
        metavar: What stands for the value in help.
        python: The types that the library takes, for type checkers and documentation.
        repeats: Whether the flag may be given several times; each adds to the value.
        is_switch: Whether the flag stands alone, without a value.
        record: The value as JSON repeats it.
    """

    read: Callable[[Any, str], Any]
    metavar: str
    python: str
    repeats: bool = False
    is_switch: bool = False
    record: Callable[[Any], Any] = lambda value: value


class Option(Record, kw_only=True):
    """One option.

    Attributes:
        name: The keyword of the library; with hyphens and two dashes, the flag of the shell. It ends in an underscore
            where it would be the name of a method.
        help: One line.
        kind: How the value is written.
        default: The value where nothing is given.
        metavar: Replaces the metavar of the kind.
        letter: A flag of one letter, such as `-o`.
        choices: The words that it takes, where those are known; for help and completion.
        is_basic: Whether the short help lists it.
        recorded: When JSON repeats it: `always`, `given` (where it differs from the default) or `never`.
    """

    help: str
    kind: Kind
    default: Any
    metavar: str = ""
    letter: str = ""
    choices: tuple[str, ...] = ()
    is_basic: bool = False
    recorded: str = "always"
    name: str = ""

    @property
    def flag(self) -> str:
        """The flag of the shell."""
        return "--" + self.name.rstrip("_").replace("_", "-")

    @property
    def flags(self) -> tuple[str, ...]:
        """The flag, and `--no-NAME` beside it where the option is on by default."""
        return (self.flag, f"--no-{self.flag[2:]}") if self.default is True else (self.flag,)

    @property
    def shown(self) -> str:
        """What stands for the value in help."""
        return self.metavar or "|".join(self.choices) or self.kind.metavar

    def read(self, given: Any) -> Any:
        """The checked value.

        Raises:
            UsageError: What was given is not a value of this option.
        """
        if given is None:
            if self.default is None:
                return None
            raise UsageError(f"{self.flag} is None.", hint="Leave it out to use the default.")
        return self.kind.read(given, self.flag)


def option(
    default: Any,
    kind: Kind,
    help: str,
    *,
    metavar: str = "",
    letter: str = "",
    choices: tuple[str, ...] = (),
    is_basic: bool = False,
    recorded: str = "always",
) -> Any:
    """The definition of one option, for a class of `Options`; the class gives it its name."""
    return Option(
        default=default, kind=kind, help=help, metavar=metavar, letter=letter, choices=choices, is_basic=is_basic,
        recorded=recorded,
    )  # fmt: skip


def changed(option: Any, **changes: Any) -> Any:
    """An option of another class with another default, help or kind."""
    return replace(option, **changes)


class Options:
    """Checked values of options, which cannot change."""

    heading: ClassVar[str] = ""
    options: ClassVar[Mapping[str, Option]] = {}
    own: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        cls.own = tuple(name for name, value in vars(cls).items() if isinstance(value, Option))
        for name in cls.own:
            setattr(cls, name, replace(vars(cls)[name], name=name))
        cls.options = {
            name: getattr(cls, name) for part in cls.__mro__ for name in getattr(part, "own", ()) if part is not Options
        }

    def __init__(self, **given: Any) -> None:
        for name in given:
            if name not in self.options:
                raise unknown_option(type(self), name)
        values = {
            name: option.read(given[name]) if name in given else option.default for name, option in self.options.items()
        }
        self.__dict__.update(values)
        self.check()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot change.")

    def check(self) -> None:
        """Refuse values that do not go together; classes of options that have such values add to this.

        Raises:
            UsageError: Two options contradict each other.
        """

    def but(self, **changes: Any) -> Self:
        """The same options with some values changed."""
        new = object.__new__(type(self))
        new.__dict__.update(self.__dict__, **changes)
        return new

    @classmethod
    def sections(cls) -> Iterator[tuple[str, list[Option]]]:
        """The headings of `--help` with their options, the command's own first."""
        parts: dict[str, list[Option]] = {}
        for part in (part for part in cls.__mro__ if issubclass(part, Options)):
            for name in part.own:
                # An option that a subclass changes stays where it was first defined.
                if not any(name in base.own for base in part.__mro__[1:] if issubclass(base, Options)):
                    parts.setdefault(part.heading, []).append(cls.options[name])
        yield from parts.items()

    def recorded(self) -> dict[str, object]:
        """The options as a result repeats them."""
        return {
            name: option.kind.record(getattr(self, name))
            for name, option in self.options.items()
            if option.recorded == "always" or (option.recorded == "given" and getattr(self, name) != option.default)
        }


def unknown_option(options: type[Options], name: str) -> UsageError:
    """The error for a keyword that is not an option."""
    near = difflib.get_close_matches(name, options.options, n=MOST_NAMES)
    known = f"Did you mean {' or '.join(near)}?" if near else f"Options are {', '.join(options.options)}."
    return UsageError(f"There is no option {name!r}.", hint=known)
