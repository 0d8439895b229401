"""Files that are written from the package: `python -m tests.written` writes them again.

`docs/options.md` and `docs/scaling.1` list every option of every command, `docs/caveats.md` every caveat,
`docs/columns.md` the names of columns, `docs/laws.md` every law, and `scaling_cli/__init__.pyi` gives type checkers the
keywords of the library.
"""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from string import Formatter
from typing import Any

import scaling_cli as scaling
from scaling_cli.caveats import POWER, allocation, comparison, coverage, data, design, files, fit, forecast, plan
from scaling_cli.cli.help import ABOUT, default_of, sections_of
from scaling_cli.data.runs.aliases import ALIASES as RUN_ALIASES
from scaling_cli.data.samples.columns import ALIASES as SAMPLE_ALIASES
from scaling_cli.laws import LAWS
from scaling_cli.laws.topics import example_of, topics_of
from scaling_cli.library.called import EXTRAS
from scaling_cli.options.commands import LIBRARY, SUMMARIES, find_command
from scaling_cli.options.option import Option
from scaling_cli.verbs.schema import result_of
from tests import ROOT

ERRORS = ("DataError", "FitError", "ScalingError", "UsageError")
MOST_NAMES = 30  # of one line of the page on columns
RUN_ROLES = {
    "run_id": "the run that a row belongs to",
    "step": "training steps done",
    "params": "params of the model",
    "tokens": "tokens trained on",
    "compute": "training compute in FLOPs; 6 * params * tokens where it is missing",
    "loss": "the loss, best on held-out data",
    "unique_tokens": "different tokens in the data",
    "epochs": "how often the data were repeated",
    "lr": "learning rate",
    "batch_size": "batch size",
    "experts": "experts of a mixture of experts",
    "granularity": "granularity of the experts",
    "bits": "bits of a quantised model",
    "streams": "parallel streams of a model",
    "gpu_hours": "GPU-hours of the run",
    "seconds": "duration of the run in seconds",
    "gpus": "GPUs of the run",
}
SAMPLE_ROLES = {
    "problem": "the problem of an attempt",
    "attempt": "the number of an attempt",
    "correct": "whether an attempt is correct",
    "n": "attempts at a problem",
    "c": "correct attempts among them",
}
STAGES = (data, files, design, fit, forecast, comparison, allocation, coverage, plan)


def options_page() -> str:
    """`docs/options.md`."""
    lines = [
        "# Options",
        "",
        "Every option of every command. In the library an option is a keyword of the same name, with underscores:",
        "`--scale-weight 1` is `scale_weight=1`. Options marked *shell* exist only on the command line. This page is",
        "written by `python -m tests.written`.",
        "",
    ]
    for name, summary in SUMMARIES.items():
        command = find_command(name)
        lines += [f"## scaling {name}", "", command.about or summary, ""]
        library = command.options.options
        for heading, options in sections_of(command):
            lines += [f"**{heading}**", "", "| option | value | default | meaning |", "| --- | --- | --- | --- |"]
            lines += [_row(option, is_shell=option.name not in library) for option in options] + [""]
    return "\n".join(lines).rstrip() + "\n"


def _row(option: Option, *, is_shell: bool) -> str:
    flags = f"`-{option.letter}`, " if option.letter else ""
    default = f"`{shown}`" if (shown := default_of(option)) else ""
    if option.default is None and option.kind.record(None) == "auto":
        default = "`auto`"
    value = f"`{option.shown}`" if option.shown else ""
    flags += ", ".join(f"`{flag}`" for flag in option.flags)
    cells = (flags + (" *shell*" if is_shell else ""), value, default, option.help)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def columns_page() -> str:
    """`docs/columns.md`."""
    lines = [
        "# Columns",
        "",
        "The names by which columns are recognised. Capitals, blanks and punctuation do not count, so `Eval/Loss`,",
        "`eval.loss` and `eval_loss` are one name, and neither do the objects in which trackers keep settings, as in",
        "`config.n_params`. Names of an earlier line are preferred; if a file has two names of one line, the command",
        "asks which is meant. Counts may carry a unit, as in `tokens (B)` or `params_m`, and compute one such as",
        "`PF-days`. `--map ROLE=COLUMN` reads a column of any other name, or a formula of several columns, and",
        "`scaling columns` shows how those of a log are read. This page is written by `python -m tests.written`.",
        "",
        "## Training logs",
        "",
        *_roles(RUN_ROLES, RUN_ALIASES),
        "",
        "A column with the loss on one evaluation set, such as `eval/c4_loss`, is recognised as well. In tables that",
        "use at least two of the letters of papers, `N` is params, `D` tokens, `C` compute and `L` the loss.",
        "",
        "## Logs of repeated sampling",
        "",
        *_roles(SAMPLE_ROLES, SAMPLE_ALIASES),
    ]
    return "\n".join(lines) + "\n"


def _roles(meanings: Mapping[str, str], aliases: Mapping[str, Sequence[Sequence[str]]]) -> list[str]:
    lines = ["| role | meaning | names |", "| --- | --- | --- |"]
    for role, meaning in meanings.items():
        tiers = [[name for name in tier if name][:MOST_NAMES] for tier in aliases[role]]
        named = "<br>".join(
            ", ".join(f"`{name}`" for name in shown)
            + (f" and {len(tier) - len(shown)} more" * (len(tier) > len(shown)))
            for tier, shown in zip(aliases[role], tiers, strict=True)
            if shown
        )
        lines.append(f"| `{role}` | {meaning} | {named} |")
    return lines


def caveats_page() -> str:
    """`docs/caveats.md`."""
    lines = [
        "# Caveats",
        "",
        "What to know before using a result. Caveats are printed to stderr and stored in JSON under `caveats`. Each",
        "has a stable code: `--strict` turns all of them into errors, and `--allow CODE` accepts one. A sentence says",
        "what is wrong, what this does to the result, and what to do about it. Words in *italics* stand for names and",
        "numbers of your data, and ... for words that are there in some cases. The last column says when a caveat",
        "appears; its numbers are those of the code.",
        "This page is written by `python -m tests.written`.",
    ]
    for module in STAGES:
        about = (module.__doc__ or "").partition(".")[0].removeprefix("Caveats about ").capitalize()
        lines += ["", f"## {about}", "", "| code | sentence | when it appears |", "| --- | --- | --- |"]
        lines += [
            f"| `{code}` | {_shown(sentence)} | {_cell(when(module.WHEN[code]))} |"
            for code, sentence in sorted(module.SENTENCES.items())
        ]
    return "\n".join(lines) + "\n"


class _Constants(Formatter):
    """Texts with constants of modules: `{fitting.checks.repeats.LEVEL}`, `{data.runs.sanity.SMALLEST[params]:g}`."""

    def get_field(self, field_name: str, args: Any, kwargs: Any) -> tuple[Any, str]:
        path, _, key = field_name.rstrip("]").partition("[")
        module, _, name = path.rpartition(".")
        value = getattr(importlib.import_module(f"scaling_cli.{module}"), name)
        return (value[int(key) if key.isdigit() else key] if key else value), field_name


def when(text: str) -> str:
    """When a caveat appears, with the constants of the code."""
    return re.sub(POWER, "e", re.sub(r"(?<=\d)%", " %", _Constants().vformat(text, (), {})))


def _cell(text: str) -> str:
    return text.replace("*", "\\*").replace("|", "\\|")


def _shown(sentence: str) -> str:
    text = ""
    for said, name, form, _ in Formatter().parse(sentence):
        text += said.replace("*", "\\*").replace("|", "\\|")
        is_ending = text != "" and (text[-1].isalnum() or text[-1] in ")%*")  # words that only some cases have
        if name and "|" in (form or ""):  # the words for several
            text += str(form).partition("|")[0]
            continue
        text += "" if not name else " ..." if is_ending else f"*{name.replace('_', ' ')}*"
    return text


def stub() -> str:
    """`scaling_cli/__init__.pyi`."""
    lines = [
        "# Written by `python -m tests.written` from the records in scaling_cli/options.",
        "import os",
        "from collections.abc import Callable, Iterable, Mapping",
        "from typing import Literal",
        "",
        "from scaling_cli.data.paths_or_table import PathsOrTable as Runs",
        *(f"from scaling_cli.errors import {error} as {error}" for error in ERRORS),
        "from scaling_cli.library.answer import Answer as Answer",
        "from scaling_cli.library.answer import load as load",
        *sorted(f"from {result.__module__} import {result.__name__}" for result in map(result_of, LIBRARY.values())),
        "",
        "__version__: str",
        "Number = float | str",
        "",
    ]
    for function, command in LIBRARY.items():
        lines += _function(function, command)
    return "\n".join(lines) + "\n"


def _function(function: str, name: str) -> Iterable[str]:
    command = find_command(name)
    argument = command.argument
    yield f"def {function}("
    yield f"    {argument.name}: {argument.python}{'' if argument.is_needed else ' = ...'},"
    extras = [extra for extra in EXTRAS if extra in inspect.signature(getattr(scaling, function)).parameters]
    if command.options.options or extras:
        yield "    *,"
    for option in command.options.options.values():
        yield f"    {option.name}: {option.kind.python}{' | None' if option.default is None else ''} = ...,"
    for extra in extras:
        yield f"    {extra}: {EXTRAS[extra]} = ...,"
    yield f") -> Answer[{result_of(name).__name__}]: ..."


def laws_page() -> str:
    """`docs/laws.md`."""
    lines = ["# Laws", "", "Every law that can be fitted. `scaling laws NAME` prints one with its published fits.", "",
             "The unit `loss` is that of the fitted column, also where this column is not a loss. Pure numbers have no",
             "unit. Below the fitted parameters are quantities that follow from them, whose meaning says what they",
             "measure.", "",
             "This page is written by `python -m tests.written`."]  # fmt: skip
    for law in LAWS:
        lines += ["", f"## {law.name}", "", f"`{law.formula}`", "", f"Source: {law.source}.", ""]
        lines += [f"Topics: {', '.join(topics_of(law.name))}. Fit it with `{example_of(law)}`.", ""]
        lines += [f"Inputs: {', '.join(law.inputs)}.", "", "| parameter | unit | meaning |", "| --- | --- | --- |"]
        lines += [f"| `{each.name}` | {each.unit} | {each.meaning} |" for each in law.parameters]
        lines += [f"| `{each.name}` | | {each.meaning} |" for each in law.derived]
        names = ", ".join(f"`{fit.name}`" for fit in law.published)
        lines += ["", f"Published fits: {names}."] if names else []
        lines += (
            ["", f"Runs at random inputs do not determine all of its parameters: {law.undetermined}."]
            if law.undetermined
            else []
        )
    return "\n".join(lines).replace("|x|", "\\|x\\|") + "\n"


def man_page() -> str:
    """`docs/scaling.1`."""
    lines = [
        f'.TH SCALING 1 "" "scaling {scaling.__version__}" "User Commands"',
        ".SH NAME",
        "scaling \\- fit scaling laws to training and sampling logs",
        ".SH SYNOPSIS",
        ".B scaling",
        ".I COMMAND",
        "[OPTIONS]",
        ".SH DESCRIPTION",
        _roff(ABOUT),
    ]
    for name, summary in SUMMARIES.items():
        command = find_command(name)
        lines += [f'.SH "scaling {_roff(name)} {_roff(command.argument.metavar)}"', _roff(command.about or summary)]
        for heading, options in sections_of(command):
            lines += [f'.SS "{_roff(heading)}"'] if heading else []
            for option in options:
                letter = f"\\-{option.letter}, " if option.letter else ""
                flags = ", ".join(option.flags)
                lines += [".TP", f".B {letter}{_roff(flags)} {_roff(option.shown)}".rstrip(), _roff(option.help)]
        lines += [".PP", "Examples:", ".nf", *(f"  {_roff(line)}" for line, _ in command.examples), ".fi"]
    lines += [
        ".SH EXIT STATUS",
        "0: done. 1: a bug in this tool. 2: wrong usage. 3: the data cannot be read, something needed is missing, or "
        "the disk is full. 4: the data do not allow a result that can be trusted, or there is a caveat under "
        "\\-\\-strict. 5: done, but a \\-\\-fail\\-if test was true, or some groups or files failed. 130, 143: "
        "interrupted by Ctrl-C, or terminated.",
        ".SH FILES",
        "scaling.toml, or [tool.scaling] of pyproject.toml: options that are set once for this folder.",
    ]
    return "\n".join(lines) + "\n"


def _roff(text: str) -> str:
    safe = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{safe}" if safe.startswith((".", "'")) else safe


WRITTEN = {
    "docs/options.md": options_page,
    "docs/columns.md": columns_page,
    "docs/caveats.md": caveats_page,
    "docs/laws.md": laws_page,
    "docs/scaling.1": man_page,
    "scaling_cli/__init__.pyi": stub,
}

if __name__ == "__main__":
    for path, text in WRITTEN.items():
        (ROOT / path).write_text(text(), encoding="utf-8")
