"""What the documents leave open about Tencent Chat, and what its console lets one choose, as switches.

`POST /__sandbox__/do {"switch": {"partial_add": "10019"}}` sets them; a reset puts the defaults back.
"""

from dataclasses import dataclass, fields
from typing import Literal, get_args, get_origin, get_type_hints


@dataclass(slots=True)
class Switches:
    """The first value of each choice is the default; a code means a refusal with that ErrorCode."""

    partial_add: Literal["result0", "10019"] = "result0"
    """An add in which only some can be added: `Result` 0 for the others, or the whole call refused."""

    create_unknown_member: Literal["10019", "skip"] = "10019"
    """create_group with a MemberList account that was never imported."""

    remove_owner: Literal["10004", "10007", "10009", "ok"] = "10004"
    """delete_group_member of the group's owner; `ok` leaves the group without one."""

    same_id: Literal["by_owner", "10021", "10025"] = "by_owner"
    """create_group with a used GroupId; `by_owner`: 10025 if Owner_Account is that group's owner, else 10021."""

    same_id_ownerless: Literal["10021", "10025"] = "10021"
    """The same, when neither group has an owner and `same_id` is `by_owner`."""

    reuse_delay_seconds: int = 0
    """How long a dismissed GroupId stays taken (10021)."""

    missing_group_info: Literal["10010", "10015"] = "10010"
    """The element's ErrorCode in get_group_info for a group that does not exist."""

    change_owner_to_stranger: Literal["10004", "10007"] = "10004"
    """change_group_owner to somebody who is not a member."""

    send_as_stranger: Literal["ok", "10007"] = "ok"
    """send_group_msg with a From_Account that is imported but not a member."""

    duplicate_random: Literal["original", "no_seq"] = "original"
    """send_group_msg again with the same sender and Random: OK with the first one's MsgSeq, or OK without."""

    online_only_takes_seq: bool = True
    """Whether a message with OnlineOnlyFlag 1, which is not kept, uses up a MsgSeq."""

    sdk_type_names: bool = False
    """Whether create_group knows the SDK's names Work and Meeting besides Private and ChatRoom."""

    bad_signatures_per_minute: int = 10
    """So many refused UserSigs of one identifier within a minute lock it for 60 s (70050)."""

    rates: bool = False
    """Frequency limits: 200 or 100 calls/s per API (60007), 40 messages/s per group (10023)."""

    batch_limits: Literal["newest", "2021"] = "newest"
    """Rows per call: add 20, remove 100, create 100, import members 20, import messages 7; or as in 2021: 300, 500,
    500, 300, 20."""

    callbacks: bool = True
    """Webhooks after the fact, which the console switches on one by one."""

    callbacks_duplicate: bool = False
    """Send every callback twice."""

    callbacks_reorder: bool = False
    """Hold every other callback back until its successor was sent."""

    callbacks_drop_every: int = 0
    """Lose every nth callback; 0 loses none."""

    callbacks_retries: int = 0
    """Further attempts when a callback is not answered with HTTP 200; the console's default is none."""

    single_login: bool = False
    """On the chat socket: a user's new connection puts his others out, as the console's one-device rule does."""

    before_callbacks: bool = False
    """Webhooks that may forbid: before creating a group, inviting, and sending."""

    before_timeout: Literal["allow", "refuse"] = "allow"
    """What happens when a before-callback is not answered properly within 2 s."""

    def set(self, values: dict[str, object]) -> None:
        """All of them or, with ValueError, none."""
        kinds = get_type_hints(type(self))
        for name, value in values.items():
            if name not in kinds:
                raise ValueError(f"switch {name}: unknown; there are {', '.join(field.name for field in fields(self))}")
            _check(name, value, kinds[name])
        for name, value in values.items():
            setattr(self, name, value)

    def reset(self) -> None:
        for field in fields(self):
            setattr(self, field.name, field.default)


def _check(name: str, value: object, kind: object) -> None:
    if get_origin(kind) is Literal:
        if value not in get_args(kind):
            raise ValueError(f"switch {name}: must be one of {', '.join(get_args(kind))}")
    elif kind is bool:
        if not isinstance(value, bool):
            raise ValueError(f"switch {name}: must be true or false")
    elif not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"switch {name}: must be 0 or a positive integer")
