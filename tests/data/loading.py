"""Loading as tests write it: options by name."""

from __future__ import annotations

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


load_targets = targets.load_targets
