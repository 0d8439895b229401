"""Params and tokens, over which losses form a surface."""

from __future__ import annotations

from collections.abc import Iterable

SURFACE = ("params", "tokens")


def has_params_and_tokens(names: Iterable[str]) -> bool:
    """Whether both are among the names of columns, roles or inputs."""
    return {*SURFACE}.issubset(names)
