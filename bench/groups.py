"""The groups of Tencent's stand-in: who is in them, and when they all became as they should be."""

import time
from collections.abc import Mapping, Sequence
from typing import Any


class Groups:
    """Members by group. A group that is told to become like this or that is waited for."""

    def __init__(self) -> None:
        self.members: dict[str, set[str]] = {}
        self.names: dict[str, str] = {}
        self._expected: dict[str, set[str]] = {}
        self._right_at = 0.0

    def put(self, groups: Mapping[str, Sequence[str]], name: str) -> None:
        """These exist, with these members, all of this name, and no others."""
        self.names = dict.fromkeys(groups, name)
        self.members = {group: set(people) for group, people in groups.items()}

    def expect(self, groups: Mapping[str, Sequence[str]]) -> None:
        """Wait until these groups have exactly these members."""
        self._expected = {group: set(people) for group, people in groups.items()}
        for group in groups:
            self._look(group)

    def waiting(self) -> dict[str, float]:
        """How many groups are not as expected; and when the last one became so (time.monotonic)."""
        return {"left": len(self._expected), "at": self._right_at}

    def create(self, group: str, name: str, members: Sequence[str]) -> bool:
        """Whether it is new."""
        if group in self.members:
            return False
        self.names[group] = name
        self.members[group] = set(members)
        self._look(group)
        return True

    def add(self, group: str, members: Sequence[str]) -> None:
        self.members.setdefault(group, set()).update(members)
        self._look(group)

    def remove(self, group: str, members: Sequence[str]) -> None:
        self.members.setdefault(group, set()).difference_update(members)
        self._look(group)

    def dismiss(self, group: str) -> None:
        self.members.pop(group, None)

    def info(self, group: str) -> dict[str, Any]:
        """What get_group_info says of it."""
        if group not in self.members:
            return {"GroupId": group, "ErrorCode": 10010, "ErrorInfo": "group not exist"}
        people = [{"Member_Account": user} for user in self.members[group]]
        return {
            "GroupId": group,
            "ErrorCode": 0,
            "ErrorInfo": "",
            "Name": self.names.get(group, group),
            "MemberNum": len(people),
            "MemberList": people,
        }

    def page(self, start: int, limit: int) -> dict[str, Any]:
        """What get_appid_group_list says, from this place on."""
        found = list(self.members)
        following = start + limit if start + limit < len(found) else 0
        groups = [{"GroupId": group} for group in found[start : start + limit]]
        return {"TotalCount": len(found), "GroupIdList": groups, "Next": following}

    def _look(self, group: str) -> None:
        if self._expected and self._expected.get(group) == self.members.get(group):
            del self._expected[group]
            self._right_at = time.monotonic()
