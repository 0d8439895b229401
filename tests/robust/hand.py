"""Hostile cases written by hand: absurd saved fits, formulas, conditions, numbers at the edge, bombs, odd names."""

from __future__ import annotations

import copy
import io
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tests.data.files.test_unpacked import gzipped, zstd
from tests.robust import seeds
from tests.robust.cases import Case
from tests.robust.odd import CONDITIONS

SIZES = (0, -1, -1e300, 1e300, 5e-324, 1e-300, 1e60, 1e4, -1e-9, 100, 1e-4, 1e200, 700)
ASKED = (
    ("extrapolate", "--at", "params=70B,tokens=1.4T"), ("extrapolate", "--target-loss", "2"),
    ("extrapolate", "--at", "compute=1e22", "--json"), ("optimal-allocation", "--budget", "1e24"),
    ("optimal-allocation", "--target-loss", "1.9"), ("optimal-allocation", "--explain-gap", "--format", "html"),
    ("show", "--format", "csv"),
)  # fmt: skip
FORMULAS = (
    "+".join(f"a{i}*params**-b{i}" for i in range(1000)), "(" * 1000 + "params" + ")" * 1000, "-" * 1000 + "params",
    "params**params**params**params", "exp(exp(exp(params)))", "E/0", "x" * 1000, "", "\n",
    "E+A/params^alpha+0*" + "9" * 400, "log(log(log(log(0-params))))", "max(" * 40 + "params" + ",1)" * 40,
    "__import__('os').system('x')", "lambda: 0", "params if params else 0", "params[0]", "'a'*10", "1e400*params",
    "é*params",
)  # fmt: skip
NESTED = ("CASE WHEN params > 1 THEN " * 100, " AND ".join(["params > 1"] * 5000), "NOT " * 150 + "params > 1",
          "run_id ~ '" + "(" * 1000 + "'", "run_id LIKE '" + "%a" * 3000 + "'", "params % 0 = 1",
          "1e999 > params")  # fmt: skip
EDGES = ("4.9e-324", "1e-300", "1e300", "1.8e308", "-1", "0", "1e61", "9" * 40, "nan", "inf", "1e-61", "1" + "0" * 400)


def hand_made() -> Iterator[Case]:
    """All cases."""
    yield from _absurd_fits()
    table = seeds.runs()["runs.csv"]
    for formula in FORMULAS:
        for command in ("fit", "extrapolate", "compare-exponents"):
            yield Case({"r.csv": table}, [command, "r.csv", "--law", formula, "--replicates", "40"])
        yield Case({}, ["laws", formula])
        yield Case({"r.csv": table}, ["optimal-allocation", "r.csv", "--flops-rule", formula, "--replicates", "40"])
    for condition in (*CONDITIONS, *NESTED):
        for command in ("fit", "columns"):
            yield Case({"r.csv": table}, [command, "r.csv", "--where", condition])
    yield from _edges()
    yield from _odd_files()


def _absurd_fits() -> Iterator[Case]:
    fit = json.loads(seeds.fits()["fit.json"])
    names = list(fit["results"][0]["parameters"])

    def changed(change: Callable[[dict[str, Any]], None]) -> Iterator[Case]:
        document = copy.deepcopy(fit)
        change(document["results"][0])
        for command, *options in ASKED:
            yield Case({"s.json": json.dumps(document).encode()}, [command, "s.json", *options])

    for size in SIZES:
        for name in names:
            yield from changed(lambda result, name=name, size=size: _set(result, names, name, size))
        yield from changed(lambda result, size=size: result.update(noise=size))
        yield from changed(lambda result, size=size: result.update(draws=[[size] * len(names)] * 40))
        yield from changed(
            lambda result, size=size: result.update(ranges={role: [size, size] for role in result["ranges"]})
        )
    for formula in FORMULAS:
        yield from changed(lambda result, formula=formula: result.update(law=formula))


def _set(result: dict[str, Any], names: Sequence[str], name: str, size: float) -> None:
    result["parameters"][name]["estimate"] = size
    for draw in result["draws"]:
        draw[names.index(name)] = size


def _edges() -> Iterator[Case]:
    """Numbers at the edge of floats, in one row or in all rows of each column."""
    rows = seeds.table().to_dicts()
    for edge in EDGES:
        for column in ("params", "tokens", "loss"):
            for count in (1, len(rows)):
                lines = [",".join(rows[0])]
                lines += [
                    ",".join(edge if name == column and i < count else str(value) for name, value in row.items())
                    for i, row in enumerate(rows)
                ]
                for command in ("fit", "extrapolate", "optimal-allocation"):
                    yield Case({"r.csv": "\n".join(lines).encode()}, [command, "r.csv", "--replicates", "40", "--json"])


def _odd_files() -> Iterator[Case]:
    """Bombs, lengths that lie, and files of no use."""
    head = b"run,params,tokens,loss\n"
    files = {
        "zeros.csv.gz": gzipped(head, b"\0"), "lines.csv.gz": gzipped(head, b"\n"),
        "long.csv.gz": gzipped(head, b"1"), "deep.json": b"[" * 100_000,
        "deep.jsonl": b'{"a":' * 50_000 + b"\n{}",
        "rle.csv.zst": zstd(head, *[(b"1", 2**17)] * 2**12), "blank.json.gz": gzipped(b"[", b" "),
        "empty.csv": b"", "bom.csv": b"\xef\xbb\xbf", "null.csv": b"\0" * 5000, "crlf.csv": b"a,b\r\r\r\n1,2",
        "wide.csv": b",".join(b"c%d" % i for i in range(20_000)) + b"\n" + b",".join([b"1"] * 20_000),
        "tall.csv": b"loss\n" * 300_000, "quote.csv": b'a,b\n"1,2\n' * 1000, "one.csv": b"loss\n3",
        "digits.json": b"[" + b"9" * 100_000 + b"]", "keys.json": json.dumps([{"k" * 10_000: 1}]).encode(),
    }  # fmt: skip
    for name, content in files.items():
        for command in ("fit", "columns", "inference-coverage"):
            yield Case({name: content}, [command, name])
    for shape in ((0, 5), (5, 0), (0, 0), (3, 2000), (2, 2, 2), (4,), ()):
        for kind in ("u1", "f2", "f8", "?", "i8", "c8", "U3", "M8[s]", "f16"):
            stored = io.BytesIO()
            np.save(stored, np.zeros(shape, dtype=kind))
            yield Case({"m.npy": stored.getvalue()}, ["inference-coverage", "m.npy", "--replicates", "100"])
