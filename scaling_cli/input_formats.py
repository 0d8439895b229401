"""The list of input formats. A new format is a module in `data/files` with a `Format`, and a line in `FORMATS`.

The list imports nothing, so that options can offer the names before any data are read.
"""

from __future__ import annotations

# Each format by name: its module in `data/files` with its `Format`, and the suffixes of its files in folders. Formats
# are tried in this order, by the content of a file; the last one accepts any text.
FORMATS: dict[str, tuple[str, tuple[str, ...]]] = {
    "parquet": ("parquet.PARQUET", (".parquet", ".pq")),
    "tensorboard": ("tensorboard.EVENTS", ()),  # found by the names that TensorBoard gives, see `data/files/expand.py`
    "jsonl": ("json_lines.JSON_LINES", (".jsonl", ".ndjson")),
    "wandb-summary": ("wandb_summary.SUMMARY", (".json",)),
    "mlflow": ("mlflow.MLFLOW", ()),  # `meta.yaml` of runs, see `data/files/expand.py`
    "trainer-state": ("json_documents.TRAINER_STATE", (".json",)),
    "json": ("json_documents.DOCUMENT", (".json",)),
    "nemo": ("printed.nemo.NEMO", (".log",)),
    "megatron": ("printed.megatron.MEGATRON", (".log",)),
    "nanogpt": ("printed.nanogpt.NANOGPT", (".log",)),
    "llm.c": ("printed.llmc.LLMC", (".log",)),
    "torchtitan": ("printed.torchtitan.TORCHTITAN", (".log",)),
    "trainer-console": ("printed.trainer_console.CONSOLE", (".log",)),
    "composer": ("printed.composer.COMPOSER", (".log",)),
    "olmo": ("printed.olmo.OLMO", (".log",)),
    "litgpt": ("printed.litgpt.LITGPT", (".log",)),
    "torchtune": ("printed.torchtune.TORCHTUNE", (".log",)),
    "maxtext": ("printed.maxtext.MAXTEXT", (".log",)),
    "fairseq": ("printed.fairseq.FAIRSEQ", (".log",)),
    "objects-in-text": ("printed.objects_in_text.OBJECTS_IN_TEXT", (".log",)),
    "wandb-chart": ("delimited.CHART", (".csv",)),
    "tensorboard-csv": ("delimited.SCALARS_CSV", (".csv",)),
    "csv-objects": ("delimited.OBJECTS", (".csv", ".tsv")),
    "text-table": ("text_tables.TEXT_TABLE", ()),
    "csv": ("delimited.DELIMITED", (".csv", ".tsv")),
}
# What programs print as they train; the first measurement may come late in the file.
LOGS = tuple(name for name, (_, suffixes) in FORMATS.items() if suffixes == (".log",))
TABLES = tuple(name for name in FORMATS if name not in LOGS)
SYNONYMS = {"tsv": "csv"}

NAMES = (*FORMATS, *SYNONYMS)  # what --input-format accepts
SUFFIXES = tuple(sorted({suffix for _, suffixes in FORMATS.values() for suffix in suffixes}))
SAMPLE_SUFFIXES = (*SUFFIXES, ".eval", ".npy")  # of sampling logs in folders
