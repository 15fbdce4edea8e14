"""Which objects an org has: the standard ones, and what was deployed to it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.schema import Field, SObject


class Catalog:
    def __init__(self) -> None:
        self.by_name: dict[str, SObject] = dict(OBJECTS)
        """By lower-case name: the vendor's object names know no case."""
        self.by_prefix: dict[str, SObject] = {sobject.prefix: sobject for sobject in OBJECTS.values()}

    def add(self, sobject: SObject) -> None:
        self.by_name[sobject.name.lower()] = sobject
        self.by_prefix[sobject.prefix] = sobject

    def extend(self, name: str, fields: Iterable[Field]) -> SObject:
        """The object with these fields instead of or after its own."""
        sobject = self.by_name[name.lower()]
        more = {field.name.lower(): field for field in fields}
        kept = tuple(more.pop(field.name.lower(), field) for field in sobject.fields)
        extended = replace(sobject, fields=kept + tuple(more.values()))
        self.add(extended)
        return extended
