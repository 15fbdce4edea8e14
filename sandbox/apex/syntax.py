"""Apex source as a syntax tree: tree-sitter's grammar, made strict."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Node, Parser
from tree_sitter_language_pack import get_parser

from sandbox.apex.errors import DoesNotCompile

_COMMENTS = frozenset({"line_comment", "block_comment"})
_TRIGGER = re.compile(rb"(?i)\b(Tr)i(gger)(?=\s*\.)")
_MASKED = re.compile(r"(?i)\b(Tr)_(gger)\b")
"""The grammar takes a statement that begins with `Trigger.` for a declaration, so it is shown another name."""


@dataclass(frozen=True)
class Source:
    """One file, parsed."""

    path: str
    root: Node


@cache
def _parser() -> Parser:
    return get_parser("apex")


@cache
def _tree(text: bytes) -> Node:
    """Parsed once in a process: each org that starts reads the same package again."""
    return _parser().parse(_TRIGGER.sub(rb"\1_\2", text)).root_node


def read(path: Path) -> Source:
    return parse(str(path), path.read_text())


def parse(path: str, text: str) -> Source:
    root = _tree(text.encode())
    if root.has_error:
        wrong = _first_error(root)
        raise DoesNotCompile(f"{path}:{line(wrong)}: unexpected syntax near {excerpt(wrong)!r}")
    return Source(path, root)


def line(node: Node) -> int:
    return node.start_point[0] + 1


def text(node: Node) -> str:
    found = (node.text or b"").decode()
    return _MASKED.sub(r"\1i\2", found)


def excerpt(node: Node) -> str:
    return text(node).partition("\n")[0][:60]


def children(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type not in _COMMENTS]


def child(node: Node, field: str) -> Node:
    found = node.child_by_field_name(field)
    if found is None:
        raise AssertionError(f"{node.type} has no {field}: {excerpt(node)}")
    return found


def maybe(node: Node, field: str) -> Node | None:
    return node.child_by_field_name(field)


def of_type(node: Node, *types: str) -> Node | None:
    return next((each for each in node.named_children if each.type in types), None)


def _first_error(node: Node) -> Node:
    for each in node.children:
        if each.type == "ERROR" or each.is_missing:
            return each
        if each.has_error:
            return _first_error(each)
    return node
