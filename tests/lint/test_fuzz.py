"""Fuzz targets: each is also a unit test's, and dictionaries have the words of today."""

import re

import pytest
from sources import ROOT

TARGETS = sorted(file.relative_to(ROOT) for file in (ROOT / "tests").rglob("*_fuzz.cc"))


@pytest.mark.parametrize("source", TARGETS, ids=[source.stem for source in TARGETS])
def test_a_fuzz_target_is_run_by_a_unit_test(source):
    """Its file is a source of a program that is a test, or of an entry of `fuzz_targets` that asks for one (tests/meson.build)."""
    build = (ROOT / source.parent / "meson.build").read_text()
    programs = re.findall(r"\btest\('[^']*'.*?executable\('test-(.*?)dependencies:", build, re.S)
    programs += [entry for entry in re.findall(r"'target': (.*?)'dependencies'", build, re.S) if "'test':" in entry]
    names = (f"'{source.name}'", "reply + '_" + source.name.split("_", 1)[1] + "'")
    assert any(name in program for program in programs for name in names)


def test_the_dictionary_of_configurations_has_all_words_of_keepalived():
    words = (ROOT / "tests/config/data/keepalived-2.3.4-keywords.txt").read_text().split()
    dictionary = set(re.findall(r'^"(.*)"$', (ROOT / "tests/config/config.dict").read_text(), re.M))
    assert [word for word in words if word not in dictionary] == []
