"""`/query` and `/queryAll`: a SELECT answered in pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from sandbox.salesforce import sharing
from sandbox.salesforce.errors import refuse
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import record_url
from sandbox.salesforce.schema import Field, Row, SObject
from sandbox.salesforce.soql import Comparison, Condition, Junction, Order, Select, parse
from sandbox.salesforce.soql_fields import Path, path, referred
from sandbox.salesforce.soql_filter import compiled, ids_wanted
from sandbox.salesforce.soql_tokens import at
from sandbox.salesforce.web import Answer, Call

SMALLEST_PAGE, LARGEST_PAGE, LARGEST_OFFSET = 200, 2000, 2000
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d{1,9})", re.IGNORECASE)


def query(org: Org, call: Call) -> Answer:
    return _answer(org, call, deleted_too=False)


def query_all(org: Org, call: Call) -> Answer:
    return _answer(org, call, deleted_too=True)


def more(org: Org, call: Call) -> Answer:
    locator, _, place = call.parameters["locator"].rpartition("-")
    if not place.isdigit():
        raise refuse("INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(org, call, org.cursors.find(locator), locator=locator, start=int(place))


def _answer(org: Org, call: Call, *, deleted_too: bool) -> Answer:
    if "q" not in call.query:
        raise refuse("MALFORMED_QUERY", "SOQL query is required: missing parameter q")
    select = parse(call.query["q"])
    sobject = source(org, select)
    rows = found(org, select, sobject, deleted_too=deleted_too)
    if select.count is not None:
        return _counted(org, select, sobject, rows)
    paths = [path(org, select.text, sobject, token) for token in select.fields]
    records = [_record(org, call.version, sobject, row, paths) for row in rows]
    return _page(org, call, records)


def source(org: Org, select: Select) -> SObject:
    sobject = org.catalog.by_name.get(select.object_name.text.lower())
    if sobject is None:
        raise at(
            select.text,
            select.object_name,
            "INVALID_TYPE",
            f"sObject type '{select.object_name.text}' is not supported. If you are attempting to use a custom object, "
            "be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for "
            "the appropriate names.",
        )
    if sobject.name.endswith("__e"):
        raise refuse("INVALID_TYPE_FOR_OPERATION", f"entity type {sobject.name} does not support query")
    if sobject.name == "ContentDocumentLink" and not _confines(
        select.where, "CONTENTDOCUMENTID", "LINKEDENTITYID", "ID"
    ):
        raise refuse(
            "MALFORMED_QUERY",
            "Implementation restriction: ContentDocumentLink requires a filter by a single Id on ContentDocumentId or "
            "LinkedEntityId using the equals operator or multiple Id's using the IN operator.",
        )
    return sobject


def _confines(where: Condition | None, *names: str) -> bool:
    if isinstance(where, Junction) and where.word == "AND":
        return any(_confines(part, *names) for part in where.parts)
    return isinstance(where, Comparison) and where.field.word() in names and where.operator in {"=", "IN"}


def found(
    org: Org, select: Select, sobject: SObject, *, deleted_too: bool, visible: Callable[[Row], bool] | None = None
) -> list[Row]:
    """The rows a query selects, of those that the asker may see."""
    rows = _candidates(org, select, sobject)
    if not deleted_too:
        rows = (row for row in rows if not row["IsDeleted"])
    if visible is not None:
        rows = filter(visible, rows)
    if select.where is not None:
        test = compiled(org, select.text, sobject, select.where)
        rows = (row for row in rows if test(row))
    chosen = list(rows)
    for order in reversed(select.order):
        chosen = _sorted(org, select.text, sobject, order, chosen)
    if select.offset > LARGEST_OFFSET:
        raise refuse("NUMBER_OUTSIDE_VALID_RANGE", f"Maximum SOQL offset allowed is {LARGEST_OFFSET}")
    end = None if select.limit is None else select.offset + select.limit
    return chosen[select.offset : end]


def _candidates(org: Org, select: Select, sobject: SObject) -> Iterable[Row]:
    if sobject.name == "UserRecordAccess":
        return sharing.record_access(org, select.where)
    wanted = ids_wanted(select.where)
    if wanted is None:
        return org.tables.all(sobject.name)
    return [row for record_id in wanted if (row := org.tables.get(sobject.name, record_id)) is not None]


def _sorted(org: Org, text: str, sobject: SObject, order: Order, rows: list[Row]) -> list[Row]:
    get = path(org, text, sobject, order.field).get
    present = [row for row in rows if get(row) is not None]
    absent = [row for row in rows if get(row) is None]
    present.sort(key=lambda row: _sort_key(get(row)), reverse=order.descending)
    return present + absent if order.nulls_last else absent + present


def _sort_key(value: object) -> tuple[float, str]:
    return (value, "") if isinstance(value, int | float) else (0, str(value).casefold())


def _counted(org: Org, select: Select, sobject: SObject, rows: list[Row]) -> Answer:
    assert select.count is not None
    if select.count.text == ")":
        return Answer(200, {"totalSize": len(rows), "done": True, "records": []})
    get = path(org, select.text, sobject, select.count).get
    number = sum(get(row) is not None for row in rows)
    record = {"attributes": {"type": "AggregateResult"}, "expr0": number}
    return Answer(200, {"totalSize": 1, "done": True, "records": [record]})


def _record(org: Org, version: str, sobject: SObject, row: Row, paths: list[Path]) -> Row:
    url = record_url(version, sobject.name, row["Id"])
    record: Row = {"attributes": {"type": sobject.name, "url": url}}
    for each in paths:
        if not each.through:
            record[each.field.name] = (
                f"{url}/{each.field.name}" if each.field.kind == "base64" else row[each.field.name]
            )
        else:
            _nest(org, version, record, row, each)
    return record


def _nest(org: Org, version: str, record: Row, row: Row, each: Path) -> None:
    """Put a field of a referred record where it belongs: inside an object named as the relationship, or null."""
    place, source = record, row
    for reference in each.through:
        found = referred(org, reference, source)
        if found is None:
            place[reference.relationship] = None
            return
        inner = place.setdefault(reference.relationship, {"attributes": _attributes(org, version, reference, source)})
        assert isinstance(inner, dict)
        place, source = inner, found
    place[each.field.name] = source[each.field.name]


def _attributes(org: Org, version: str, reference: Field, row: Row) -> Mapping[str, str]:
    target_id = str(row[reference.name])
    kind = org.catalog.by_prefix[target_id[:3]].name
    shown = kind if len(reference.refers_to) == 1 else "Name"
    return {"type": shown, "url": record_url(version, kind, target_id)}


def _page(org: Org, call: Call, rows: list[Row], *, locator: str = "", start: int = 0) -> Answer:
    size = _page_size(call)
    end = start + size
    body: dict[str, object] = {"totalSize": len(rows), "done": end >= len(rows)}
    if end < len(rows):
        if not locator:
            locator = org.mint.new("01g")
            org.cursors.hold(locator, rows)
        body["nextRecordsUrl"] = f"/services/data/v{call.version}/query/{locator}-{end}"
    return Answer(200, {**body, "records": rows[start:end]})


def _page_size(call: Call) -> int:
    """https://developer.salesforce.com/docs/platform/api-rest/guide/headers-queryoptions.html (outside: clamped)."""
    asked = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return max(SMALLEST_PAGE, min(LARGEST_PAGE, int(asked[1]) if asked else LARGEST_PAGE))
