"""The list of mutants fits the Apex of today."""

from __future__ import annotations

from pathlib import Path

from tests.salesforce_package.mutants import MUTANTS
from tests.salesforce_package.tools import copy_of_the_package, spoil


def test_every_mutant_can_be_put_in(tmp_path: Path) -> None:
    for number, mutant in enumerate(MUTANTS):
        folder = tmp_path / str(number)
        folder.mkdir()
        spoil(copy_of_the_package(folder), mutant.path, mutant.old, mutant.new)
