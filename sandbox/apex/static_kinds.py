"""What the source itself says about an expression's type: enough to choose among methods when a value is null."""

from __future__ import annotations

from tree_sitter import Node

from sandbox.apex.kinds import BOOLEAN, INTEGER, STRING, Kind
from sandbox.apex.scope import Scope
from sandbox.apex.syntax import child, children, text

_LITERALS = {"string_literal": STRING, "boolean": BOOLEAN, "int": INTEGER}


def static_kind(scope: Scope, node: Node) -> Kind | None:
    """The declared type of a cast, a `new`, a variable, a field or a literal; None where nothing is said."""
    match node.type:
        case "cast_expression" | "object_creation_expression":
            return scope.kind(child(node, "type"))
        case "parenthesized_expression":
            return static_kind(scope, children(node)[0])
        case "identifier":
            low = text(node).lower()
            variable, field = scope.variable(low), scope.field(low)
            return variable[0] if variable is not None else field.kind if field is not None else None
    return _LITERALS.get(node.type)


def static_kinds(scope: Scope, nodes: list[Node]) -> tuple[Kind | None, ...]:
    return tuple(static_kind(scope, node) for node in nodes)
