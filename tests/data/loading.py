"""Loading as tests write it: options by name."""

from __future__ import annotations

import polars as pl

from scaling_cli.data.runs import load as runs
from scaling_cli.data.runs import targets
from scaling_cli.data.samples import load as samples
from scaling_cli.options.inference_coverage import Samples
from scaling_cli.options.reading import Reading


def load_runs(given, *, keep=(), maybe=(), positive_loss=True, mapping=None, **options):
    """Points from files or a table."""
    reading = Reading(map=mapping or {}, **options)
    return runs.load_runs(given, reading, keep=keep, maybe=maybe, positive_loss=positive_loss)


def load_tables(folder, tables, **options):
    """Points from a folder, with each table in a file of its name."""
    for name, table in tables.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        table.write_csv(folder / name)
    return load_runs([str(folder)], **options)


def load_samples(given, *, layout="auto", mapping=None, **options):
    """Counts from files or a table."""
    return samples.load_samples(given, Samples(input_format=layout, **(mapping or {}), **options))


def codes(frame, **options):
    """The codes of the caveats about a table."""
    return [caveat.code for caveat in load_runs(frame, **options).caveats]


def lawful(runs=10, **columns):
    """Runs on a surface, each twice as large as the one before."""
    params = [1e7 * 2**i for i in range(runs)]
    tokens = [20 * size for size in params]
    loss = [1.8 + 400 / size**0.34 + 400 / seen**0.28 for size, seen in zip(params, tokens, strict=True)]
    return pl.DataFrame({"params": params, "tokens": tokens, "loss": loss} | columns)


load_targets = targets.load_targets
