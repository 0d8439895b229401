"""Cells as polars expressions that give numbers and labels, whatever type the file stores them in.

Text is read by the same rule as options (`numbers.parse_number`), so a cell may say `70B`. Text that means "missing" is
null. Any other text that is not a number is null too, and `is_unreadable` finds it.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import polars as pl

from scaling_cli.errors import DataError
from scaling_cli.numbers.parse import GAP, GROUPED, NUMBER, POWERS, WRITTEN

NESTED = "/"  # joins the names of a nested column and of its field
FEW = 1000  # values that Python counts faster than polars starts a query
MISSING_WORDS = ("", "na", "n/a", "#n/a", "null", "none", "nil", "-", "--", "?")


# The regular expression of numbers in options, in the dialect of polars, and the power of ten of each suffix.
NUMBER_TEXT = f"^{NUMBER}$"
WHOLE = r"^-?[0-9]+\.0$"  # a whole number, as pandas writes it in a column of floats


def plain_columns(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with the fields of nested columns as `outer/inner`, and without blanks around names."""
    schema = rows.collect_schema()
    while any(isinstance(kind, pl.Struct) for kind in schema.dtypes()):
        rows = rows.select(**_fields(schema))
        schema = rows.collect_schema()
    return without_blanks(rows)


def _fields(schema: pl.Schema) -> dict[str, pl.Expr]:
    columns: dict[str, pl.Expr] = {}
    for name, kind in schema.items():
        if isinstance(kind, pl.Struct):
            for field in kind.fields:
                columns.setdefault(name + NESTED + field.name, pl.col(name).struct.field(field.name))
        else:
            columns[name] = pl.col(name)
    return columns


def without_blanks(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The rows with the blanks around the names of columns removed, where the name stays unique and not empty."""
    names = rows.collect_schema().names()
    bare = [name.strip() for name in names]
    new = {name: short for name, short in zip(names, bare, strict=True) if name != short and bare.count(short) == 1}
    return rows.rename({name: short for name, short in new.items() if short}) if new else rows


def is_text(dtype: pl.DataType) -> bool:
    """Whether cells of this type must be parsed to become numbers."""
    return dtype == pl.String or isinstance(dtype, pl.Categorical | pl.Enum)


def text(column: str) -> pl.Expr:
    """The trimmed text of a column, null where a cell is empty or means "missing"."""
    return without_missing(pl.col(column).cast(pl.String))


def without_missing(texts: pl.Expr) -> pl.Expr:
    """Trimmed text, null where it is empty or means "missing"."""
    trimmed = texts.str.strip_chars()
    return pl.when(~trimmed.str.to_lowercase().is_in(MISSING_WORDS)).then(trimmed)


def numbers_of_text(texts: pl.Expr, units: Mapping[str, float] | None = None) -> pl.Expr:
    """The numbers that text holds, null where it holds none; a number may be followed by one of `units`."""
    read = partial(read_numbers, units=units) if units else read_numbers
    return texts.map_batches(read, return_dtype=pl.Float64, is_elementwise=True)


def is_unreadable(texts: pl.Expr, numbers: pl.Expr) -> pl.Expr:
    """Whether text that does not mean "missing" gave no number."""
    return without_missing(pl.when(numbers.is_null()).then(texts)).is_not_null()


def read_numbers(texts: pl.Series, units: Mapping[str, float] | None = None) -> pl.Series:
    """The numbers that texts hold, null where they hold none.

    A cast reads plain numbers; only the texts that it leaves over are read again (`70B`, `1,000`, ` 3 `). Each step has
    a series of its own: polars would compute a part of an expression anew wherever it occurs.
    """
    plain = texts.cast(pl.Float64, strict=False)
    if plain.null_count() == texts.null_count():
        return plain
    rest = pl.select(without_missing(pl.when(plain.is_null()).then(texts.cast(pl.String)))).to_series()
    if rest.null_count() == len(rest):
        return plain
    rest = _plain(rest)
    readings = [plain, _number_with_suffix(rest), *([_number_with_unit(rest, units)] if units else [])]
    return pl.select(pl.coalesce(readings)).to_series().alias(texts.name)


def _plain(texts: pl.Series) -> pl.Series:
    """Numbers in the writing that `numbers.NUMBER` matches."""
    for pattern, written in WRITTEN:
        texts = texts.str.replace(pattern, written)
    is_grouped = texts.str.contains(GROUPED)
    return texts.str.replace_all(GAP, "").zip_with(is_grouped, texts) if is_grouped.any() else texts


def _number_with_unit(texts: pl.Series, units: Mapping[str, float]) -> pl.Series:
    """Numbers followed by a unit; units are compared as column names are, without case or punctuation."""
    parts = texts.str.extract_groups(r"^(?<number>.*[0-9.])\s*(?<unit>[a-zA-Z%][^0-9]*)$").struct.unnest()
    unit = pl.col("unit").str.to_lowercase().str.replace_all(r"[\s./_\-()]+", "_").str.strip_chars("_")
    factor = unit.replace_strict(dict(units), default=None, return_dtype=pl.Float64)
    read = parts.select(_number_with_suffix(parts["number"]).alias("number"), factor=factor)
    number, factor = pl.col("number"), pl.col("factor")
    exact = pl.when(factor < 1).then(number / (1 / factor)).otherwise(number * factor)  # 0.01 is not exact as a float
    return read.select(exact).to_series()


def _number_with_suffix(texts: pl.Series) -> pl.Series:
    """Numbers that match the expression `numbers.NUMBER`.

    The power of ten is written out before the cast, as in `numbers.parse_number`: a product would round twice.
    """
    parts = texts.str.extract_groups(NUMBER_TEXT).struct.unnest()
    scale = pl.col("suffix").str.to_lowercase().replace_strict(POWERS, default=None, return_dtype=pl.Int32)
    power = pl.col("power").str.slice(1).cast(pl.Int32, strict=False).fill_null(0)
    digits = pl.concat_str("sign", pl.col("digits").str.replace_all("[,_]", ""))
    whole = pl.concat_str(digits, pl.lit("e"), (power + scale).cast(pl.String)).cast(pl.Float64, strict=False)
    number = parts.select(whole).to_series()
    return pl.select(pl.when(number.is_finite()).then(number)).to_series()


def different(values: pl.Series) -> int:
    """How many different values there are, null and NaN among them; quick for a few."""
    if len(values) <= FEW and (values.dtype in (pl.Float64, pl.String)):
        found = set(values.to_list())
        if all(value == value for value in found):  # all NaN are one value
            return len(found)
    return values.n_unique()


def different_known(values: pl.Series) -> int:
    """How many different values there are beside null."""
    return different(values.drop_nulls() if values.null_count() else values)


def number(column: str, dtype: pl.DataType, option: str = "--map ROLE=COLUMN") -> pl.Expr:
    """A column that is not text as floats; `option` is the one that chooses another column.

    Raises:
        DataError: The column holds lists, dates or other values that are not numbers.
    """
    if not (dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)):
        raise DataError(
            f"Column {column!r} holds values of type {dtype}, which are not numbers.",
            hint=f"Choose a column of numbers with {option}, or convert this one.",
        )
    return pl.col(column).cast(pl.Float64)


def label(column: str, dtype: pl.DataType) -> pl.Expr:
    """A column as names of runs or groups: whole numbers lose their `.0`, and empty names are null.

    Text does, too: pandas writes the whole numbers of a column with `.0` where one of its cells is empty.
    """
    if dtype.is_nested():
        raise DataError(
            f"Column {column!r} holds values of type {dtype}, which cannot be used as names.",
            hint="Choose a column of text or numbers.",
        )
    names = pl.col(column).cast(pl.String)
    if dtype.is_float():
        return names.str.strip_suffix(".0")
    if dtype != pl.String:
        return names
    whole = pl.when(names.str.contains(WHOLE)).then(names.str.strip_suffix(".0")).otherwise(names)
    return pl.when(names != "").then(whole)
