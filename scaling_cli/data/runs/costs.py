"""The names that columns have for what a run took: its time and the GPUs that it ran on."""

from __future__ import annotations

ALIASES: dict[str, tuple[tuple[str, ...], ...]] = {
    "gpu_hours": (
        ("gpu_hours",),
        (
            *(
                "gpu_hour",
                "gpu_hrs",
                "gpuhours",
                "gpu_h",
                "device_hours",
                "accelerator_hours",
                "tpu_hours",
                "chip_hours",
            ),
            *("total_gpu_hours", "train_gpu_hours", "training_gpu_hours", "gpu_hours_total"),
        ),
        ("gpu_days", "total_gpu_days", "train_gpu_days", "gpu_minutes", "gpu_seconds"),
    ),
    "seconds": (
        ("seconds",),
        (
            *("train_seconds", "training_seconds", "wall_seconds", "wall_clock_seconds", "wallclock_seconds"),
            *("elapsed_seconds", "train_time_seconds", "training_time_seconds", "train_time_s", "training_time_s"),
            *("wall_time_s", "wall_time_seconds", "duration_seconds", "duration_s"),
        ),
        ("train_runtime", "runtime"),  # in seconds in the logs of Hugging Face and W&B
        ("train_hours", "training_hours", "wall_hours", "wall_clock_hours", "train_time_hours", "training_time_hours"),
    ),
    "gpus": (
        ("gpus",),
        ("num_gpus", "n_gpus", "ngpus", "gpu_count", "world_size", "num_devices", "n_devices", "num_accelerators"),
    ),
}

# The factor from the unit at the end of a column's name to GPU-hours, or to seconds.
UNITS = {
    "gpu_hours": {"days": 24.0, "minutes": 1 / 60, "seconds": 1 / 3600},
    "seconds": {"hours": 3600.0},
}
