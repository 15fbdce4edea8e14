"""What a name can mean at one place of the source, while it is compiled."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tree_sitter import Node

from sandbox.apex.classes import ClassInfo, FieldInfo, Method, Trigger, Unit
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.kinds import VOID, Kind
from sandbox.apex.syntax import excerpt, line

if TYPE_CHECKING:
    from sandbox.apex.program import Program


_PLACE = re.compile(r"[^\n]*?\.(?:cls|trigger):\d+: ")


class Scope:
    """The class or trigger, the method, and its variables so far."""

    def __init__(
        self,
        program: Program,
        unit: Unit,
        cls: ClassInfo | None,
        *,
        static: bool,
        returns: Kind = VOID,
        accessor: FieldInfo | None = None,
        trigger: Trigger | None = None,
        initialising: bool = False,
    ) -> None:
        self.program = program
        self.unit = unit
        self.cls = cls
        self.static = static
        self.returns = returns
        self.accessor = accessor
        self.trigger = trigger
        self.initialising = initialising
        self.blocks: list[dict[str, tuple[Kind, bool]]] = [{}]

    def declare(self, node: Node, name: str, kind: Kind, *, final: bool = False) -> str:
        low = name.lower()
        if self.variable(low) is not None:
            raise self.refused(node, f"Duplicate variable: {name}")
        self.blocks[-1][low] = (kind, final)
        return low

    def variable(self, low: str) -> tuple[Kind, bool] | None:
        return next((block[low] for block in reversed(self.blocks) if low in block), None)

    def field(self, low: str) -> FieldInfo | None:
        """A field of the class or of the one around it; an outer object's own fields are out of reach."""
        for cls in self.cls.enclosing() if self.cls else ():
            found = cls.find_field(low)
            if found is not None and (found.static or (cls is self.cls and not self.static)):
                return found
        return None

    def methods(self, low: str) -> list[Method]:
        for cls in self.cls.enclosing() if self.cls else ():
            if found := cls.find_methods(low):
                return found
        return []

    def kind(self, node: Node) -> Kind:
        return self.program.kind(node, self.cls, self.unit)

    def sees(self, modifiers: frozenset[str], owner: ClassInfo, annotations: dict[str, dict[str, str]]) -> bool:
        """Access modifiers; without one a member is private. Private reaches as far as the outermost class."""
        if modifiers & {"public", "global", "webservice"} or owner.form == "interface":
            return True
        if self.cls is not None and (
            _outermost(self.cls) is _outermost(owner) or ("protected" in modifiers and owner in self.cls.lineage())
        ):
            return True
        return "testvisible" in annotations and self.unit.is_test

    def where(self, node: Node) -> str:
        return f"{self.unit.path}:{line(node)}"

    def refused(self, node: Node, why: str) -> DoesNotCompile:
        return DoesNotCompile(f"{self.where(node)}: {why}")

    def placed(self, node: Node, error: DoesNotCompile | NotModelled) -> DoesNotCompile | NotModelled:
        """The same error with the place in front, unless it has one."""
        return error if _PLACE.match(str(error)) else type(error)(f"{self.where(node)}: {error}")

    def unknown(self, node: Node, what: str) -> NotModelled:
        return NotModelled(f"{self.where(node)}: not modelled: {what}, in {excerpt(node)!r}")


def _outermost(cls: ClassInfo) -> ClassInfo:
    return list(cls.enclosing())[-1]
