"""The ledger's part about names: of agents as Salesforce told them, of customers as they wrote them."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping

from relay.store.part import Part, Step
from relay.store.rooms import agent_names

_KEEP = """
insert into names (user_id, name) values ($1, $2) on conflict (user_id) do update set name = excluded.name"""


class People(Part):
    """Methods of talk.ports.Log; see there."""

    async def names(self, group_id: str, user_ids: Collection[str]) -> dict[str, str]:
        """The names of those who have one. Those of the Case's agents are kept, for the next state has others."""
        steps: list[Step] = [
            ("select user_id, case_info from tickets where case_id = $1 and case_info is not null", (group_id,)),
            ("select state from rooms where case_id = $1", (group_id,)),
            *[("select user_id, name from names where user_id = $1", (user_id,)) for user_id in user_ids],
        ]
        tickets, rooms, *named = await self._together(steps)
        customers = {user_id: json.loads(info).get("name") for user_id, info in tickets}
        agents = agent_names(rooms[0][0]) if rooms else {}
        kept = {user_id: name for rows in named for user_id, name in rows}
        await self.keep_names({user_id: name for user_id, name in agents.items() if kept.get(user_id) != name})
        known = {**customers, **kept, **agents}
        return {user_id: known[user_id] for user_id in user_ids if known.get(user_id)}

    async def keep_names(self, names: Mapping[str, str]) -> None:
        """These Users have these names now."""
        if names:
            await self._together([(_KEEP, (user_id, name)) for user_id, name in names.items()])
