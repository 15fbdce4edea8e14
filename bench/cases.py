"""The Cases that Salesforce's stand-in tells of when it is asked what changed."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

SINCE = re.compile(r"SystemModstamp >= (\S+)Z")
USER = re.compile(r"005\w{15}")
PAGE = 2000


class Cases:
    """rows: as SOQL gives them, ascending by SystemModstamp."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def answer(self, target: str) -> bytes:
        """A query for Cases that changed since then, its next page, or a query for Users, who are all active."""
        url = urlsplit(target)
        soql = parse_qs(url.query).get("q", [""])[0]
        if "FROM User" in soql:
            users = [{"Id": user, "Name": f"Agent {user[-6:]}", "IsActive": True} for user in USER.findall(soql)]
            return _page(users, 0, "")
        if found := SINCE.search(soql):
            after = sum(str(row["SystemModstamp"]) < found[1] for row in self.rows)
            return _page(self.rows, after, f"{url.path.rstrip('/')}/01g5g000000bench-")
        head, _, place = url.path.rpartition("-")
        return _page(self.rows, int(place), f"{head}-") if place.isdigit() else _page([], 0, "")


def _page(rows: list[dict[str, Any]], start: int, following: str) -> bytes:
    end = start + PAGE
    page: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
    if not page["done"]:
        page["nextRecordsUrl"] = f"{following}{end}"
    return json.dumps(page).encode()
