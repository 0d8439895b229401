"""`scaling laws` as a user meets it."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest

from scaling_cli.errors import UsageError
from scaling_cli.laws import LAWS, find_law
from scaling_cli.options.formats import FORMATS
from tests.cli.running import run_here as run


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_lists_the_laws(format):
    ran = run("laws", "--format", format)
    assert ran.returncode == 0, ran.stderr
    assert "chinchilla" in ran.stdout


def test_json_is_a_report_with_every_law_and_all_digits():
    document = json.loads(run("laws", "--json").stdout)
    assert (document["schema"], document["command"]) == ("scaling.laws/1", "laws")
    assert [law["name"] for law in document["results"]] == [law.name for law in LAWS]
    (law,) = json.loads(run("laws", "chinchilla", "--json").stdout)["results"]
    assert law["inputs"] == ["params", "tokens"]
    assert law["published"][0]["parameters"]["alpha"] == 0.33917084


def test_one_law_is_explained():
    ran = run("laws", "chinchilla")
    assert "law: chinchilla: E + A / params^alpha + B / tokens^beta\n" in ran.stdout
    assert "irreducible loss" in ran.stdout
    assert re.search("besiroglu +240 of Hoffmann's points", ran.stdout)


def test_csv_has_a_row_for_each_parameter():
    rows = list(csv.DictReader(io.StringIO(run("laws", "chinchilla", "--format", "csv").stdout)))
    assert [row["parameter"] for row in rows if row["kind"] == "fitted"] == ["E", "A", "B", "alpha", "beta"]
    assert {row["kind"] for row in rows} == {"fitted", "derived"}


def test_a_file_is_written_in_the_format_of_its_suffix(tmp_path):
    assert run("laws", "power", "-o", tmp_path / "law.tex").returncode == 0
    assert (tmp_path / "law.tex").read_text().count(r"\begin{tabular}") == 3


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [(["nothing"], "No law is called 'nothing'"), (["--figure", "laws.svg"], "No such option: --figure")],
)
def test_what_cannot_be_answered_is_refused(arguments, problem):
    ran = run("laws", *arguments)
    assert ran.returncode == 2
    assert problem in ran.stderr


def test_laws_are_found_by_words_and_topics():
    found = json.loads(run("laws", "mixture", "--json").stdout)["results"]
    assert {"mixture-exp", "mixture-additive", "mixture-repetition"} <= {law["name"] for law in found}
    about = json.loads(run("laws", "--topic", "precision", "--json").stdout)["results"]
    assert [law["name"] for law in about] == ["precision", "float-format", "post-training-quantisation", "quantised"]
    assert "example: scaling fit runs.csv --law sparsity" in run("laws", "sparsity").stdout


def test_a_table_of_laws_is_not_told_to_draw_a_figure(tmp_path):
    refused = run("laws", "-o", tmp_path / "laws.png")
    assert (refused.returncode, "--figure" in refused.stderr) == (2, False)


@pytest.mark.parametrize(
    ("law", "hint"),
    [("chinchilla:besiroglu", "Give only chinchilla."), ("all", "Name one law."), ("x:y", "`scaling laws` lists")],
)
def test_a_law_that_cannot_be_fitted_is_answered_with_one_that_can(law, hint):
    with pytest.raises(UsageError) as caught:
        find_law(law)
    assert hint in caught.value.hint
