"""The org's records, with unique indexes and a log that can take everything back."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.salesforce.catalog import Catalog
from sandbox.salesforce.schema import Row, SObject


class Tables:
    def __init__(self, catalog: Catalog) -> None:
        self._rows: dict[str, dict[str, Row]] = {}
        self._log: list[tuple[str, str, Row | None]] = []
        self._unique: dict[tuple[str, str], dict[object, list[str]]] = {}
        for sobject in catalog.by_name.values():
            self.settle(sobject)

    def settle(self, sobject: SObject) -> None:
        """Room for an object that is new, or has new fields: those are blank in the records there are."""
        rows = self._rows.setdefault(sobject.name, {})
        for record_id, row in rows.items():
            rows[record_id] = {**sobject.blank, **row}
        for field in sobject.fields:
            if field.external_id or field.unique:
                self._unique.setdefault((sobject.name, field.name), {})

    def get(self, sobject: str, record_id: str) -> Row | None:
        return self._rows[sobject].get(record_id)

    def all(self, sobject: str) -> Iterator[Row]:
        return iter(self._rows[sobject].values())

    def holders(self, sobject: str, field: str, value: object) -> list[str]:
        """Ids of the living records whose external id is `value`."""
        return self._unique[sobject, field].get(value, [])

    def put(self, sobject: str, row: Row) -> None:
        self._log.append((sobject, str(row["Id"]), self.get(sobject, str(row["Id"]))))
        self._replace(sobject, str(row["Id"]), row)

    def mark(self) -> int:
        return len(self._log)

    def undo(self, mark: int) -> None:
        while len(self._log) > mark:
            self._replace(*self._log.pop())

    def commit(self) -> None:
        self._log.clear()

    def _replace(self, sobject: str, record_id: str, new: Row | None) -> None:
        old = self._rows[sobject].get(record_id)
        for (owner, field), index in self._unique.items():
            if owner == sobject:
                _move(index, record_id, _indexed(old, field), _indexed(new, field))
        if new is None:
            self._rows[sobject].pop(record_id, None)
        else:
            self._rows[sobject][record_id] = new


def _indexed(row: Row | None, field: str) -> object:
    return None if row is None or row["IsDeleted"] else row[field]


def _move(index: dict[object, list[str]], record_id: str, old: object, new: object) -> None:
    if old == new:
        return
    if old is not None:
        index[old] = [held for held in index[old] if held != record_id]
        if not index[old]:
            del index[old]
    if new is not None:
        index.setdefault(new, []).append(record_id)
