"""All the Apex of an org: its classes and triggers, and what a type's name means in them."""

from __future__ import annotations

from collections.abc import Iterable

from tree_sitter import Node

from sandbox.apex import declarations
from sandbox.apex.classes import ClassInfo, Trigger, Unit
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.exceptions import BUILTIN
from sandbox.apex.kinds import PRIMITIVES, Kind
from sandbox.apex.library import LIBRARY
from sandbox.apex.syntax import Source, child, children, line, text
from sandbox.salesforce.catalog import Catalog

_COLLECTIONS = {"list": 1, "set": 1, "map": 2, "iterable": 1, "iterator": 1, "database.batchable": 1, "batchable": 1}
_INTERFACES = {
    "queueable": "Queueable",
    "queueablecontext": "QueueableContext",
    "schedulable": "Schedulable",
    "comparable": "Comparable",
    "callable": "Callable",
    "httpcalloutmock": "HttpCalloutMock",
    "finalizer": "Finalizer",
    "database.allowscallouts": "Database.AllowsCallouts",
    "database.stateful": "Database.Stateful",
}
_NAMESPACES = ("system", "schema")


class Program:
    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.classes: dict[str, ClassInfo] = {}
        self.triggers: list[Trigger] = []
        self.labels: dict[str, str] = {}

    def load(self, sources: Iterable[tuple[Source, float]]) -> None:
        """Sources with their API versions. Names first, then members, then bodies: order does not matter."""
        declared = [declarations.declare(self, source, version) for source, version in sources]
        for found in declared:
            if isinstance(found, ClassInfo):
                declarations.fill(self, found)
        for found in declared:
            if isinstance(found, ClassInfo):
                declarations.compile_class(self, found)
            else:
                declarations.compile_trigger(self, found)

    def units(self) -> list[Unit]:
        classes = [cls.unit for cls in self.classes.values() if cls.unit is not None]
        return [*classes, *(trigger.unit for trigger in self.triggers)]

    def kind(self, node: Node, cls: ClassInfo | None, unit: Unit) -> Kind:
        """The type a type node names."""
        if node.type == "array_type":
            return Kind("List", (self.kind(child(node, "element"), cls, unit),))
        if node.type == "generic_type":
            name, arguments = children(node)
            of = tuple(self.kind(each, cls, unit) for each in children(arguments))
            return self._generic(node, text(name), of, unit)
        if node.type == "void_type":
            return PRIMITIVES["void"]
        found = self.named(text(node), cls)
        if found is None:
            raise NotModelled(f"{unit.path}:{line(node)}: the type {text(node)} is neither of the package nor modelled")
        return found

    def named(self, name: str, cls: ClassInfo | None = None) -> Kind | None:
        """Classes around the place first, then the package's, then the platform's."""
        low = name.lower().replace(" ", "")
        user = self.find_class(low, cls)
        if user is not None:
            return Kind(user.name, cls=user)
        for namespace in _NAMESPACES:
            low = low.removeprefix(f"{namespace}.")
        if low in PRIMITIVES:
            return PRIMITIVES[low]
        if low in BUILTIN:
            return Kind(BUILTIN[low].name, cls=BUILTIN[low])
        sobject = self.catalog.by_name.get(low)
        if sobject is not None:
            return Kind(sobject.name)
        if low in _INTERFACES:
            return Kind(_INTERFACES[low])
        library = LIBRARY.get(low)
        return None if library is None else Kind(library.apex_name, native=library)

    def find_class(self, low: str, cls: ClassInfo | None) -> ClassInfo | None:
        first, *rest = low.split(".")
        found: ClassInfo | None = None
        for place in cls.enclosing() if cls else ():
            for each in place.lineage():
                found = found or each.inner.get(first)
            if place.simple_name.lower() == first:
                found = found or place
        found = found or self.classes.get(first)
        for name in rest:
            found = found.inner.get(name) if found is not None else None
        return found

    def _generic(self, node: Node, name: str, of: tuple[Kind, ...], unit: Unit) -> Kind:
        low = name.lower().removeprefix("system.")
        if low not in _COLLECTIONS:
            raise NotModelled(f"{unit.path}:{line(node)}: the generic type {name}")
        if len(of) != _COLLECTIONS[low]:
            raise DoesNotCompile(f"{unit.path}:{line(node)}: {name} takes {_COLLECTIONS[low]} type arguments")
        shown = {"list": "List", "set": "Set", "map": "Map", "iterable": "Iterable", "iterator": "Iterator"}
        return Kind(shown.get(low, "Database.Batchable"), of if low in shown else ())
