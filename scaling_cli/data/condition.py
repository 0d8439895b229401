"""What a condition in SQL may contain: nothing that makes text longer, or that nests beyond what a person writes.

polars runs a condition on every row. `repeat('a', 1e12)` would fill the memory, and ten thousand parentheses would
overflow its stack, which ends the process. So the functions that may be called are listed, and the rest is measured.
"""

from __future__ import annotations

import re

from scaling_cli.errors import UsageError
from scaling_cli.numbers.parse import POWERS

LONGEST = 100_000  # characters: room for a list of names
DEEPEST = 50  # parentheses within one another
MOST_OPERATORS = 200  # of AND, OR, + and their like, each of which nests the next
FUNCTIONS = frozenset(
    {"abs", "acos", "asin", "atan", "atan2", "bit_length", "cast", "cbrt", "ceil", "ceiling", "char_length",
     "character_length", "coalesce", "cos", "date", "date_part", "degrees", "div", "ends_with", "exp", "extract",
     "floor", "greatest", "if", "ifnull", "initcap", "least", "left", "length", "ln", "log", "log10", "log1p", "log2",
     "lower", "ltrim", "mod", "nullif", "octet_length", "pi", "pow", "power", "radians", "regexp_like", "right",
     "round", "rtrim", "sign", "sin", "sqrt", "starts_with", "strpos", "substr", "substring", "tan", "timestamp",
     "trim", "try_cast", "upper"}
)  # fmt: skip
# Words that may stand before a parenthesis without calling anything.
WORDS = frozenset(
    {"and", "any", "as", "between", "by", "case", "else", "end", "false", "from", "ilike", "in", "is", "like", "not",
     "or", "regexp", "rlike", "then", "true", "when", "where"}
)  # fmt: skip
MOST_CASES = 8  # the time to read CASE within CASE doubles with each
QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\""
# A number with one of the suffixes that options and cells may have.
AMOUNT = (
    r"(?<![\w.])(?P<digits>[0-9]+(?:_[0-9]+)*(?:\.[0-9]*)?|\.[0-9]+)(?P<power>[eE][+-]?[0-9]+)?"
    rf"(?P<suffix>(?i:{'|'.join(suffix for suffix in POWERS if suffix)})?)(?![\w.])"
)
CALL = r"([A-Za-z_][A-Za-z0-9_]*)\s*\("
OPERATOR = r"(?i)\|\||[-+*/%~^&|#]|\b(?:and|or|not|between|like|ilike|is|in|when)\b"


def with_plain_numbers(condition: str) -> str:
    """The condition with numbers such as 1B and 1_000 written out, since SQL takes the B for a name of the result."""

    def written_out(found: re.Match[str]) -> str:
        if found["digits"] is None:
            return found[0]
        power = int((found["power"] or "e0")[1:]) + POWERS[found["suffix"].lower()]
        digits = found["digits"].replace("_", "")
        return f"{digits}e{power}" if power else digits

    return re.sub(f"{QUOTED}|{AMOUNT}", written_out, condition)


def check_condition(condition: str, hint: str) -> None:
    """Refuse a condition that could take memory or time without limit.

    Raises:
        UsageError: It could.
    """
    shown = condition if len(condition) <= 100 else f"{condition[:100]}..."

    def refuse(why: str) -> UsageError:
        return UsageError(f"--where {shown!r} {why}.", hint=hint)

    if len(condition) > LONGEST:
        raise refuse(f"has {len(condition):,} characters, but at most {LONGEST:,} are allowed")
    plain = re.sub(QUOTED, "''", condition)
    if re.search(r"--|/\*|;", plain):
        raise refuse("contains a comment or a second statement")
    for name in re.findall(CALL, plain):
        if name.lower() not in FUNCTIONS | WORDS:
            raise refuse(f"calls {name}(), which is not one of {', '.join(sorted(FUNCTIONS))}")
    if _depth(plain) > DEEPEST:
        raise refuse(f"has more than {DEEPEST} parentheses within one another")
    if len(re.findall(r"\bcase\b", plain, re.IGNORECASE)) > MOST_CASES:
        raise refuse(f"has more than {MOST_CASES} times CASE")
    if len(re.findall(OPERATOR, plain)) > MOST_OPERATORS:
        raise refuse(f"has more than {MOST_OPERATORS} operators")


def _depth(text: str) -> int:
    depth = deepest = 0
    for sign in text:
        depth += (sign in "([{") - (sign in ")]}")
        deepest = max(deepest, depth)
    return deepest
