"""Documents that an earlier version wrote can still be read: a field that is added later has a default."""

from __future__ import annotations

import importlib
import json
import pkgutil
from pathlib import Path

import pytest

import scaling_cli.results

KNOWN = Path(__file__).with_name("required.json")


def required():
    """The fields without a default of every class of results, by its name."""
    found = {}
    for module in pkgutil.walk_packages(scaling_cli.results.__path__, "scaling_cli.results."):
        for name, kind in vars(importlib.import_module(module.name)).items():
            if isinstance(kind, type) and kind.__module__ == module.name and hasattr(kind, "__struct_fields__"):
                fields, defaults = kind.__struct_fields__, kind.__struct_defaults__
                found[f"{module.name.rpartition('.')[2]}.{name}"] = sorted(fields[: len(fields) - len(defaults)])
    return found


@pytest.mark.parametrize(("name", "before"), json.loads(KNOWN.read_text()).items())
def test_no_field_has_become_required(name, before):
    assert set(required().get(name, ())) <= set(before), f"give new fields of {name} a default"
