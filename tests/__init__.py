"""Tests of the package, in folders that mirror it."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
