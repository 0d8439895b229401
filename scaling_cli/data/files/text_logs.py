"""What the readers of text logs share, and the refusal of a text that is neither a table nor a known log.

A text log has prose between its measurements, and its first measurement may come after megabytes of warnings. So a log
is recognised by a line that only its program writes, which is searched for in the whole text if the first bytes are not
a table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice

from scaling_cli.data.files.format import HEAD, Format, Row, line_blocks, whole_files
from scaling_cli.data.names import shortened
from scaling_cli.errors import DataError

COLOURS = r"\x1b\[[0-9;]*[A-Za-z]"
NUMBER = r"[-+]?(?:\d+(?:,\d+)*\.?\d*(?:[eE][-+]?\d+)?|nan|inf|NaN|Infinity)"
SEPARATORS = (",", "\t", ";", "|")
LINES = 50  # judged of a text that may be a table
NOT_TEXT = (b"PK\x03\x04", b"\xff\xfe", b"\xfe\xff")  # a zip archive, and UTF-16
NAME_WORDS = 4  # in the name of a column; a longer one is a sentence
DIGITS = r"[\d.,]+"
WORD = r"[\w./#()%-]+"
SOURCE = r"""(\"{3}(?!.*\"{3})|'{3}|#!)"""  # how files of Python begin
LINE = r"[^\n\r\v\f\x1c-\x1e\x85\u2028\u2029]+"  # up to where `splitlines` splits
MLFLOW_METRIC = r"\d{13} \S+ -?\d+$"  # milliseconds, the value and the step
QUOTED = r'"[^"]*"'  # a cell in which a separator is part of the text

NO_NAMES: Mapping[str, str] = {}
Steps = dict[str, dict[str, str | None]]


def lines(path: str) -> Iterator[str]:
    """The lines of a text without colours; what a progress bar overwrites counts as a line."""
    for block in line_blocks(path):
        yield from re.sub(COLOURS, "", block.decode(errors="replace")).splitlines()


def text_log(mark: str, read: Callable[[str], Steps]) -> Format:
    """The format of logs that have a line which contains the regular expression `mark`; `read` gives rows by step."""
    pattern = re.compile(mark.encode(), re.MULTILINE)

    def rows(path: str) -> Sequence[Row]:
        try:
            found = list(read(path).values())
        except ValueError:  # such as thousands of digits
            raise DataError(
                f"{path} has a count that is no number.", hint="Correct or remove its line, or leave the file out."
            ) from None
        if not found:
            raise DataError(
                f"{path} has no line with a loss.", hint="Check that training has started, or leave the file out."
            )
        return found

    return whole_files(lambda head: pattern.search(_without_colours(head)) is not None, rows, one_run=True)


def _without_colours(text: bytes) -> bytes:
    return re.sub(COLOURS.encode(), b"", text) if b"\x1b" in text else text


def plain(number: str) -> str:
    """A number without the commas between its thousands."""
    return number.replace(",", "")


def one_model(path: str, steps: Mapping[str, object], known: str | None, found: str) -> str:
    """The params that a log prints, after those that it printed before.

    Raises:
        DataError: They differ, and the rows between are of the first model, so that the log has several runs.
    """
    if steps and known not in (None, found):
        raise DataError(
            f"{path} holds runs of several models: it prints {known} params, and after some steps {found}.",
            hint="Give each run a file of its own: cut the log before the lines that print the params.",
        )
    return found


class SizedSteps(Steps):
    """Rows by step of a log that prints how many tokens one step has, and prints it anew when it is resumed."""

    def __init__(self) -> None:
        super().__init__()
        self.per_step: int | None = None
        self._parts: list[tuple[int, int, int | None]] = [(0, 0, None)]  # first step, tokens up to it, tokens per step

    def row(self, step: str) -> dict[str, str | None]:
        """The row of a step, whose tokens count on at the rate that was printed last."""
        first = int(step)
        if self.per_step != self._parts[-1][2]:
            done = self._tokens(first)
            before = [part for part in self._parts if part[0] < first and part[2] is not None]
            self._parts = [*before, (first, done, self.per_step)] if before else [(0, 0, self.per_step)]
        return self.setdefault(step, {"step": step})

    def count_tokens(self) -> None:
        """Give every step its tokens, where the log says how many one step has."""
        for step, row in self.items() if self._parts[-1][2] is not None else ():
            row["tokens"] = str(self._tokens(int(step)))

    def _tokens(self, step: int) -> int:
        first, done, per_step = next(part for part in reversed(self._parts) if part[0] <= step)
        return done + (step - first) * (per_step or 0)


def set_all(steps: Steps, name: str, value: str | None) -> None:
    """Give every step this value, where there is one."""
    for row in steps.values() if value is not None else ():
        row[name] = value


def read_blocks(
    path: str,
    step: re.Pattern[str],
    cell: re.Pattern[str],
    params: re.Pattern[str],
    names: Mapping[str, str] = NO_NAMES,
) -> Steps:
    """One row per step of a log that prints a line for each number, below a line with the step.

    The patterns find the step, the name and the value of a number, and the params; `names` are those of known numbers.
    """
    steps: Steps = {}
    size, now = None, "0"
    for line in lines(path):
        if match := cell.match(line):
            steps.setdefault(now, {"step": now})[names.get(match[1], match[1])] = plain(match[2])
        elif match := step.search(line):
            now = match[1]
        elif match := params.search(line):
            size = one_model(path, steps, size, plain(match[1]))
    set_all(steps, "params", size)
    return steps


def looks_like_table(head: bytes) -> bool:
    """Whether the first lines of a text have as many cells as its header, or are single words as its header is."""
    text = head.removeprefix(b"\xef\xbb\xbf").decode(errors="replace")
    lines = (line for match in re.finditer(LINE, text) if (line := match[0]).strip())
    header = next(lines, "")
    if re.match(SOURCE, header):
        return False  # programs that print their own source before they log
    if b"\0" in head or head.startswith(NOT_TEXT) or '"' in header or header.startswith("sep="):
        return True  # or something else that the reader of tables explains
    separator = max(SEPARATORS, key=header.count)
    names = header.strip().split(separator)
    # pandas does not name its index
    if all(re.fullmatch(WORD, name.strip()) for name in names[not names[0] :]):
        return True
    first = [header, *islice(lines, LINES)]
    if len(head) >= HEAD and len(first) <= LINES:
        del first[-1]  # it may be cut short
    if len(first) < 2:
        return True
    if separator not in header:
        return False
    counts = [re.sub(QUOTED, "", line).count(separator) for line in first]
    agreeing = sum(count == counts[0] for count in counts[1:])
    return 2 * agreeing >= len(counts) - 1 and not _is_prose(first, separator)


def _is_prose(first: Sequence[str], separator: str) -> bool:
    """Whether no cell is a number, and the header is a sentence or differs from the next line only in its numbers."""
    cells = [cell.strip() for line in first for cell in line.split(separator)]
    if any(re.fullmatch(NUMBER, cell) for cell in cells):
        return False
    has_sentence = any(len(cell.split()) > NAME_WORDS for cell in first[0].split(separator))
    repeats = len(first) > 1 and re.search(DIGITS, first[0]) is not None
    return has_sentence or (repeats and re.sub(DIGITS, "", first[0]) == re.sub(DIGITS, "", first[1]))


def unknown_text(path: str, head: bytes) -> DataError:
    """The error for a text that is neither a table nor a log in a known form."""
    if head.lstrip().startswith(b"<"):
        return DataError(
            f"{path} is a web page or XML, not a table.",
            hint="Download the data file itself, such as the raw file that a repository's page links to.",
        )
    first = next(line.strip() for line in head.decode(errors="replace").splitlines() if line.strip())
    if re.match(MLFLOW_METRIC, first):
        return DataError(
            f"{path} is one metric in the file store of MLflow, not the log of a run.",
            hint="Give the folder of the run, of the experiment, or mlruns, and all metrics are read.",
        )
    return DataError(
        f"{path} is a text log, not a table, and has no lines in a form that can be read. It begins with "
        f"{shortened(re.sub(COLOURS, '', first))!r}.",
        hint="Logs of Megatron-LM, GPT-NeoX, NeMo, nanoGPT, llm.c, torchtitan, torchtune, LitGPT, MaxText, the Hugging "
        "Face Trainer, LLM-Foundry, OLMo and fairseq (JSON) can be read, and lines that end in a JSON object. "
        "Otherwise write a CSV with the columns run, step, params, tokens and loss, and one line for each evaluation.",
    )
