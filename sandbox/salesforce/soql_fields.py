"""What a field path of a query means: a field of the object, or of a record it refers to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sandbox.salesforce.errors import Refusal
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, Row, SObject, boolean, email, text
from sandbox.salesforce.soql_tokens import Token, at

NAME = SObject(
    "Name",
    "",
    (
        Field("Id", "id", "ID", 18),
        text("Name", 121),
        text("Type", 40),
        boolean("IsActive"),
        email("Email"),
        text("Username", 80),
        text("FirstName", 40),
        text("LastName", 80),
        text("Alias", 8),
    ),
)
"""What can be asked of a reference that may lead to several objects.

https://developer.salesforce.com/docs/atlas.en-us.object_reference.meta/object_reference/sforce_api_objects_name.htm
"""

Getter = Callable[[Row], object]


@dataclass(frozen=True)
class Path:
    """Reference fields to follow, and the field at the end."""

    through: tuple[Field, ...]
    field: Field
    get: Getter


def path(org: Org, query: str, sobject: SObject, token: Token) -> Path:
    *names, last = token.text.split(".")
    if names and names[0].lower() == sobject.name.lower():
        names = names[1:]
    through: list[Field] = []
    place = sobject
    for name in names:
        reference = place.relationships.get(name.lower())
        if reference is None:
            raise _no_relationship(query, token, name)
        through.append(reference)
        place = _target(org, reference)
    field = org.field(place, last)
    if field is None or field.write_only:
        raise _no_column(query, token, last, place)
    return Path(tuple(through), field, _getter(org, tuple(through), field.name))


def referred(org: Org, reference: Field, row: Row) -> Row | None:
    """The record a reference leads to; where it may lead to several objects, what they have in common."""
    target_id = row[reference.name]
    if target_id is None:
        return None
    target = org.catalog.by_prefix[str(target_id)[:3]]
    found = org.tables.get(target.name, str(target_id))
    if found is None or len(reference.refers_to) == 1:
        return found
    kind = "Queue" if found.get("Type") == "Queue" else target.name
    return {field.name: found.get(field.name) for field in NAME.fields} | {"Type": kind}


def _target(org: Org, reference: Field) -> SObject:
    return org.catalog.by_name[reference.refers_to[0].lower()] if len(reference.refers_to) == 1 else NAME


def _getter(org: Org, through: tuple[Field, ...], name: str) -> Getter:
    def direct(row: Row) -> object:
        return row[name]

    def followed(row: Row) -> object:
        place: Row | None = row
        for reference in through:
            place = referred(org, reference, place) if place is not None else None
        return None if place is None else place[name]

    return followed if through else direct


def _no_column(query: str, token: Token, name: str, sobject: SObject) -> Refusal:
    return at(
        query,
        token,
        "INVALID_FIELD",
        f"No such column '{name}' on entity '{sobject.name}'. If you are attempting to use a custom field, be sure to "
        "append the '__c' after the custom field name. Please reference your WSDL or the describe call for the "
        "appropriate names.",
    )


def _no_relationship(query: str, token: Token, name: str) -> Refusal:
    return at(
        query,
        token,
        "INVALID_FIELD",
        f"Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, "
        "be sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe "
        "call for the appropriate names.",
    )
