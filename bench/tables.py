"""Tables for a terminal or for Markdown."""

from typing import NamedTuple


class Table(NamedTuple):
    """A title, the heads of the columns, and the rows."""

    title: str
    heads: list[str]
    rows: list[list[str]]

    def plain(self) -> str:
        """In columns, for reading in a terminal."""
        lines = [self.heads, *self.rows]
        widths = [max(len(line[column]) for line in lines) for column in range(len(self.heads))]
        body = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
        ]
        return "\n".join([self.title, "-" * len(self.title), *body])

    def markdown(self) -> str:
        """For pasting into a page."""
        lines = [self.heads, ["---"] * len(self.heads), *self.rows]
        return f"**{self.title}**\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)
