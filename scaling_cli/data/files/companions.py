"""Files that are read with a log, and so are hashed, watched and kept from being written over as it is."""

from __future__ import annotations

import os
from collections.abc import Iterator

# Settings of the run of a log.
SETTINGS = ("config.yaml", "hparams.yaml", os.path.join(".hydra", "config.yaml"), "config.json")
# In the folder of a run of the Hugging Face Trainer: its log, and results of the evaluation after training.
TRAINER_STATE, TRAINER_RESULTS = "trainer_state.json", "all_results.json"
# In the folder of a run of MLflow: what it is, and a file for each metric and each setting.
MLFLOW_RUN, MLFLOW_METRICS, MLFLOW_PARAMS = "meta.yaml", "metrics", "params"


def companions(path: str) -> list[str]:
    """The other files that hold a part of the log at `path`, in the order of their names.

    Settings are not among them, and neither is what is no file, such as a pipe.
    """
    if not path.endswith((TRAINER_STATE, MLFLOW_RUN)):  # at once, as there may be thousands of logs
        return []
    folder, name = os.path.split(path)
    if name == TRAINER_STATE:
        found = [os.path.join(folder, TRAINER_RESULTS)]
    elif name == MLFLOW_RUN:
        found = [file for part in (MLFLOW_METRICS, MLFLOW_PARAMS) for file in _files(os.path.join(folder, part))]
    else:
        return []
    return [file for file in found if os.path.isfile(file)]


def _files(folder: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders.sort()
        yield from (os.path.join(place, name) for name in sorted(names))
