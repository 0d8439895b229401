"""Every law has a topic, and the options name every topic."""

from __future__ import annotations

import pytest

from scaling_cli.laws import HOMES, LAWS
from scaling_cli.laws.topics import OPTIONS, TOPICS, example_of, found_by, topics_of
from scaling_cli.options.laws import TOPIC_NAMES


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.name)
def test_a_law_has_a_topic_and_an_example(law):
    assert topics_of(law.name)
    assert example_of(law).startswith(f"scaling fit runs.csv --law {law.name}")


def test_topics_and_options_name_what_exists():
    names = {law.name for law in LAWS}
    assert {topic for _, *topics in HOMES.values() for topic in topics} == set(TOPIC_NAMES)
    assert all(TOPICS.values())
    assert set(OPTIONS) <= names


def test_a_search_needs_all_words():
    assert [law.name for law in found_by("repetition mixture", LAWS)] == ["mixture-repetition"]
    assert not found_by("", LAWS)
