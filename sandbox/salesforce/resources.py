"""Where the paths below a version lead, apart from the composite family that calls them itself."""

from __future__ import annotations

from sandbox.salesforce import describe, query, records
from sandbox.salesforce.web import Handler

RESOURCES: dict[str, dict[str, Handler]] = {
    "": {"GET": describe.resources},
    "limits": {"GET": describe.limits},
    "query": {"GET": query.query},
    "queryAll": {"GET": query.query_all},
    "query/{locator}": {"GET": query.more},
    "queryAll/{locator}": {"GET": query.more},
    "sobjects": {"GET": describe.objects},
    "sobjects/{object}": {"GET": describe.basic, "POST": records.create},
    "sobjects/{object}/describe": {"GET": describe.describe},
    "sobjects/{object}/{id}": {"GET": records.read, "PATCH": records.change, "DELETE": records.remove},
    "sobjects/{object}/{field}/{value}": {
        "GET": records.read_by_key,
        "PATCH": records.upsert,
        "DELETE": records.remove_by_external_id,
    },
}
