"""What the org tells about itself: its resources, objects, fields and limits."""

from __future__ import annotations

from sandbox.salesforce.objects import CLOSED_STATUSES
from sandbox.salesforce.org import Org
from sandbox.salesforce.records import object_named
from sandbox.salesforce.schema import Field, SObject
from sandbox.salesforce.web import Answer, Call

_RESOURCES = ("composite", "limits", "query", "queryAll", "sobjects")
_SOAP_TYPES = {
    "id": "tns:ID",
    "reference": "tns:ID",
    "boolean": "xsd:boolean",
    "int": "xsd:int",
    "datetime": "xsd:dateTime",
    "base64": "xsd:base64Binary",
}


def resources(_org: Org, call: Call) -> Answer:
    return Answer(200, {name: f"/services/data/v{call.version}/{name}" for name in _RESOURCES})


def limits(org: Org, _call: Call) -> Answer:
    """https://developer.salesforce.com/docs/platform/api-rest/guide/resources-limits.html"""
    requests = {"Max": org.usage.limit, "Remaining": max(0, org.usage.limit - org.usage.used)}
    storage = {"Max": 200, "Remaining": 200}
    return Answer(200, {"DailyApiRequests": requests, "DataStorageMB": storage, "FileStorageMB": storage})


def objects(org: Org, call: Call) -> Answer:
    described = [_summary(call, sobject) for sobject in org.catalog.by_name.values()]
    return Answer(200, {"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": described})


def basic(org: Org, call: Call) -> Answer:
    sobject = object_named(org, call.parameters["object"])
    recent = [row for row in org.tables.all(sobject.name) if not row["IsDeleted"]][-10:]
    items = [{"attributes": {"type": sobject.name}, "Id": row["Id"]} for row in reversed(recent)]
    return Answer(200, {"objectDescribe": _summary(call, sobject), "recentItems": items})


def describe(org: Org, call: Call) -> Answer:
    sobject = object_named(org, call.parameters["object"])
    fields = [_described(org, sobject, field) for field in org.visible(sobject)]
    return Answer(200, {**_summary(call, sobject), "fields": fields, "childRelationships": [], "recordTypeInfos": []})


def _summary(call: Call, sobject: SObject) -> dict[str, object]:
    url = f"/services/data/v{call.version}/sobjects/{sobject.name}"
    return {
        "name": sobject.name,
        "label": sobject.name,
        "labelPlural": f"{sobject.name}s",
        "keyPrefix": sobject.prefix,
        "custom": sobject.name.endswith("__c"),
        "createable": sobject.create,
        "updateable": sobject.update,
        "deletable": sobject.delete,
        "undeletable": sobject.delete,
        "mergeable": sobject.name == "Case",
        "queryable": True,
        "retrieveable": True,
        "triggerable": True,
        "urls": {"sobject": url, "describe": f"{url}/describe", "rowTemplate": f"{url}/{{ID}}"},
    }


def _described(org: Org, sobject: SObject, field: Field) -> dict[str, object]:
    has_text = field.kind in {"string", "textarea", "email", "picklist", "id", "reference"}
    return {
        "name": field.name,
        "label": field.title,
        "type": field.kind,
        "soapType": _SOAP_TYPES.get(field.kind, "xsd:string"),
        "length": field.length,
        "byteLength": field.byte_length or 3 * field.length,
        "createable": field.create and sobject.create,
        "updateable": field.update and sobject.update,
        "nillable": not field.required and field.kind not in {"boolean", "id"},
        "defaultedOnCreate": field.default is not None,
        "filterable": field.kind not in {"textarea", "base64"} and not field.write_only,
        "sortable": field.kind not in {"textarea", "base64"} and not field.write_only,
        "custom": field.custom,
        "unique": field.unique,
        "externalId": field.external_id,
        "caseSensitive": field.external_id,
        "idLookup": field.external_id or field.kind == "id",
        "autoNumber": field.name == "CaseNumber",
        "calculated": False,
        "nameField": field.name in {"Name", "CaseNumber"},
        "restrictedPicklist": field.kind == "picklist" and org.switches.restrictedPicklists,
        "digits": 8 if field.kind == "int" else 0,
        "precision": 0,
        "scale": 0,
        "referenceTo": list(field.refers_to) if has_text else [],
        "relationshipName": field.relationship or None,
        "polymorphicForeignKey": len(field.refers_to) > 1,
        "picklistValues": [_picked(field, value) for value in field.picklist],
    }


def _picked(field: Field, value: str) -> dict[str, object]:
    """A Case status also tells whether it is a closed one, as in the SOAP describe of the status table."""
    picked: dict[str, object] = {
        "active": True,
        "defaultValue": value == field.default,
        "label": value,
        "validFor": None,
        "value": value,
    }
    if field.name == "Status" and field.default == "New":
        picked["closed"] = value in CLOSED_STATUSES
    return picked
