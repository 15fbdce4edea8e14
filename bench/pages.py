"""Pages that show the benchmark's tables: their figures are replaced, their words are left alone."""

import re
from collections.abc import Iterable
from pathlib import Path

from bench.tables import Table

MACHINE = re.compile(r"^Machine: .*?\n\n", re.MULTILINE | re.DOTALL)


def refresh(page: Path, machine: str, tables: Iterable[Table]) -> list[str]:
    """Put these tables where the page has some of the same titles; the titles that were found."""
    text, found = page.read_text(), []
    for table in tables:
        shown = re.compile(rf"^\*\*{re.escape(table.title)}\*\*\n\n(?:\|.*\n?)+", re.MULTILINE)
        if shown.search(text):
            text = shown.sub(lambda _, table=table: f"{table.markdown()}\n", text)  # type: ignore[misc]
            found.append(table.title)
    if found:
        text = MACHINE.sub(lambda _: f"{machine}\n\n", text, count=1)
    page.write_text(text)
    return found
