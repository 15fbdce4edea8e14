"""The Cases that Salesforce's stand-in tells of when it is asked what changed."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

SINCE = re.compile(r"SystemModstamp >= (\S+)Z")
USER = re.compile(r"'(005\w{15})'")
CASE = re.compile(r"'(500\w{15})'")
PAGE = 2000


class Cases:
    """rows: as SOQL gives them, ascending by SystemModstamp."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def answer(self, target: str) -> bytes:
        """A query for Cases by id, for those that changed since then, its next page, or for Users: all are active."""
        url = urlsplit(target)
        soql = parse_qs(url.query).get("q", [""])[0]
        if "FROM User" in soql:
            users = [{"Id": user, "Name": name_of(user), "IsActive": True} for user in USER.findall(soql)]
            return _page(users, 0, "")
        if soql and " FROM Case " not in soql:
            return _page([], 0, "")  # of what the relay writes to Cases there is nothing yet
        if asked := set(CASE.findall(soql)):
            return _page([row for row in self.rows if row["Id"] in asked], 0, "")
        if found := SINCE.search(soql):
            after = sum(str(row["SystemModstamp"]) < found[1] for row in self.rows)
            return _page(self.rows, after, f"{url.path.rstrip('/')}/01g5g000000bench-")
        head, _, place = url.path.rpartition("-")
        return _page(self.rows, int(place), f"{head}-") if place.isdigit() else _page([], 0, "")


def name_of(user_id: str) -> str:
    """What an agent is called."""
    return f"Agent {user_id[-6:]}"


def _page(rows: list[dict[str, Any]], start: int, following: str) -> bytes:
    end = start + PAGE
    page: dict[str, Any] = {"totalSize": len(rows), "done": end >= len(rows), "records": rows[start:end]}
    if not page["done"]:
        page["nextRecordsUrl"] = f"{following}{end}"
    return json.dumps(page).encode()
