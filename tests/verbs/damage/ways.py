"""All ways to damage runs."""

from __future__ import annotations

from tests.verbs.damage.logged import LOGGED
from tests.verbs.damage.trained import TRAINED

WAYS = (*LOGGED, *TRAINED)
