"""The shape of the house: what the core asks of Salesforce, of Tencent Chat and of the ledger.

Every method of Crm and Im may be repeated safely; core never asks whether something happened already.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from relay.models import CaseInfo, CaseState, Command, Group, Room, Ticket, Verb, Verdict, Why
from relay.talk.models import Saying


class Crm(Protocol):
    """Salesforce."""

    async def create_case(self, ticket_id: str, info: CaseInfo, *, may_exist: bool = False) -> str:
        """Make the Case that carries ticket_id, or find the one made before; its 18-character id.

        may_exist: an earlier attempt may have made it; matters only in an org without the field that carries ticket_id.
        Raises CrmError of any kind. What did not fit into a field's length is kept, see save_overflow.
        """
        ...

    async def save_overflow(self, case_id: str, ticket_id: str, info: CaseInfo) -> None:
        """Attach to the Case, once, whatever create_case had to cut; does nothing where all fitted."""
        ...

    async def case_states(self, case_ids: Sequence[str]) -> list[CaseState]:
        """The Cases as Salesforce has them now, deleted and merged ones too; ids that it does not know are missing."""
        ...

    async def changed_cases(self, since: float) -> list[CaseState]:
        """All Cases with a ticket whose SystemModstamp is `since` (Unix seconds) or later, deleted and merged ones too.

        Ascending by modstamp.
        """
        ...

    async def deactivated_users(self, since: float) -> dict[str, float]:
        """Inactive Users who were changed at `since` (Unix seconds) or later, with when; their Cases were not."""
        ...

    async def case_subject(self, case_id: str) -> str | None:
        """What the Case is about, else its number; None if Salesforce does not know it."""
        ...

    async def mark_case(self, case_id: str) -> None:
        """Let Salesforce know that the Case has a chat, as it does of Cases that create_case made.

        Else its triggers would not announce the Case, nor changed_cases find it.
        """
        ...

    async def comment(self, case_id: str, text: str) -> None:
        """Put a comment on the Case for staff (not for the customer), once, however often it is asked for."""
        ...

    @property
    def headroom(self) -> float:
        """The share of the org's daily API requests that is left, 0..1, as the last answer told; 1 if none has."""
        ...

    async def org_id(self) -> str:
        """The 18-character id of the org that the relay is logged in to."""
        ...

    async def ping(self) -> None:
        """Raise what keeps the relay from calling Salesforce, if anything does."""
        ...


class Im(Protocol):
    """Tencent Chat. Group ids and user ids are used as given; agents are known by their 18-character User ids."""

    sdk_app_id: int

    def user_sig(self, user_id: str) -> tuple[str, int]:
        """A login for the user: (UserSig, Unix second of its end)."""
        ...

    def is_admin(self, user_id: str) -> bool:
        """Whether the id is an account nobody may sign in as, however its letters are cased."""
        ...

    async def import_account(self, user_id: str, nick: str | None = None) -> None:
        """Make the account known; already known is success."""
        ...

    async def create_group(self, group_id: str, *, name: str, user_id: str) -> None:
        """Make the ticket's group with the end user in it; already made for him is success, else GroupConflict."""
        ...

    async def add_group_member(self, group_id: str, user_id: str, nick: str | None = None) -> bool:
        """False if he was a member already; GroupNotFound, GroupFull and every other ImError is raised.

        nick: shown as the user's name, where his account was not imported before.
        """
        ...

    async def get_group(self, group_id: str) -> Group | None:
        """The group with all its members; None if there is no such group."""
        ...

    async def get_groups(self, group_ids: Sequence[str]) -> dict[str, Group | None]:
        """Each of the groups with all its members; None if there is no such group. One call for 50 of them."""
        ...

    async def list_groups(self) -> set[str]:
        """The ids of all groups of the application."""
        ...

    async def rename_group(self, group_id: str, name: str) -> None:
        """Give the group this name, cut as create_group cuts it; see group_name."""
        ...

    def group_name(self, group_id: str, name: str) -> str:
        """What create_group and rename_group make of a name."""
        ...

    async def delete_group_member(self, group_id: str, user_id: str) -> None:
        """Not a member, or no such group, is success."""
        ...

    async def destroy_group(self, group_id: str) -> None:
        """No such group is success."""
        ...

    async def ping(self) -> None:
        """Raise what keeps the relay from calling Tencent, if anything does."""
        ...


class Store(Protocol):
    """The ledger. Each method is one commit: what it returned from survives a kill -9. Raises StoreUnavailable.

    now and until are Unix seconds; holder names a process; a write whose claim number is no longer the newest
    does nothing and returns False.
    """

    async def accept_ticket(
        self,
        *,
        ticket_id: str,
        body_hash: str,
        user_id: str,
        case_info: CaseInfo,
        holder: str,
        now: float,
        until: float,
    ) -> Ticket:
        """Remember a new ticket, held until `until`; or take over the same one, if it is open and nobody holds it."""
        ...

    async def find_ticket(self, ticket_id: str) -> Ticket | None: ...

    async def record_case(self, ticket: Ticket, case_id: str, now: float) -> bool:
        """The ticket became this Case; a state of it that is waiting is applied."""
        ...

    async def finish_ticket(
        self, ticket: Ticket, case_id: str, now: float, first_words: Sequence[Saying] = ()
    ) -> str | None:
        """It is done; its Case, which after a merge is another; None if somebody else holds it by now.

        first_words: what is yet to be said in its group.
        """
        ...

    async def fail_ticket(self, ticket: Ticket, problem: dict[str, object], now: float) -> bool:
        """It has ended; if there is a Case, a comment on it is due."""
        ...

    async def find_problem(self, case_id: str) -> dict[str, object] | None:
        """What a ticket with this Case ended with, if one did."""
        ...

    async def postpone_ticket(self, ticket: Ticket, until: float) -> bool:
        """Let go of the ticket; it may be claimed again from `until` on."""
        ...

    async def claim_tickets(self, *, holder: str, now: float, until: float, limit: int) -> list[Ticket]:
        """Take over open tickets that nobody works on, the longest waiting first."""
        ...

    async def is_ticket_open_for(self, case_id: str, since: float) -> bool | None:
        """Whether a ticket with this Case is under way; None if one without a Case is, or it was done after `since`."""
        ...

    async def add_command(
        self, *, verb: Verb, group_id: str, user_id: str | None, holder: str, now: float, until: float
    ) -> Command: ...

    async def finish_command(self, command: Command) -> bool:
        """It is done; who joined or left by it is remembered."""
        ...

    async def forget_command(self, command: Command) -> bool:
        """It was refused, and the caller knows."""
        ...

    async def fail_command(self, command: Command, problem: dict[str, object]) -> bool:
        """Keep it as a dead letter; the next command to the group may go on."""
        ...

    async def postpone_command(self, command: Command, until: float) -> bool: ...

    async def claim_commands(self, *, holder: str, now: float, until: float, limit: int) -> list[Command]:
        """Take over commands that nobody works on and that no earlier one to the same group keeps waiting."""
        ...

    async def accept_states(self, states: Sequence[CaseState], now: float, *, asked_for: bool = False) -> list[Verdict]:
        """Keep the newest state of each Case and see to it that it is applied; what became of each, in order.

        asked_for: they are Salesforce's own answers, so of two states of one stamp these hold.

        "accepted": newer, or known; "stale": older than one already seen; "unknown": no ticket claims the Case (yet).
        One commit for all.
        """
        ...

    async def find_room(self, case_id: str) -> Room | None:
        """What is known of the Case's group; None if no state of the Case was ever accepted."""
        ...

    async def settle_room(self, room: Room, *, dismiss_at: float | None, gone: bool) -> bool:
        """Its state is applied; False if meanwhile a newer one was accepted, which then is applied next."""
        ...

    async def overrule(self, state: CaseState) -> None:
        """Salesforce itself says so: this state holds, unless a newer one was accepted."""
        ...

    async def mark_gone(self, case_id: str, now: float) -> None:
        """The relay has dismissed the Case's group, and its Users are the relay's business no more."""
        ...

    async def reapply(self, case_id: str, now: float) -> None:
        """Have the newest state of the Case applied once more."""
        ...

    async def enqueue_dismissals(self, now: float) -> int:
        """Have closed Cases' groups dismissed whose time has come; how many."""
        ...

    async def forget_unclaimed(self, seen_before: float) -> None:
        """Drop states, seen before then, of Cases that no ticket has claimed."""
        ...

    async def note_member(self, group_id: str, user_id: str, why: Why) -> None:
        """The User is about to be put into the group, or taken out of it, for this reason."""
        ...

    async def note_late_join(self, group_id: str, user_id: str) -> None:
        """The User may have been put into the group when nobody wanted that any more; who is known otherwise is."""
        ...

    async def is_outdated(self, command: Command) -> bool:
        """Whether a state of the group's Case was accepted after the command was."""
        ...

    async def forget_members(self, group_id: str, user_ids: Sequence[str]) -> None:
        """These Users of the group are the relay's business no more."""
        ...

    async def move_tickets(self, loser: str, master: str, now: float) -> None:
        """The tickets of a Case that lost a merge are the master's from now on."""
        ...

    async def cases_without_state(self) -> dict[str, float]:
        """Cases that have a ticket, and of which no state was ever accepted, with the time of their first ticket."""
        ...

    async def rooms(self) -> list[Room]:
        """Every room whose Case has a ticket and whose group the relay has not dismissed."""
        ...

    async def renew(self, tickets: Iterable[Ticket], commands: Iterable[Command], until: float) -> None:
        """Hold on to these for longer."""
        ...

    async def blank_case_infos(self, ended_before: float) -> int:
        """Forget what end users wrote in tickets that failed, or whose groups went, before then; how many."""
        ...

    async def remember(self, name: str, value: str) -> None: ...

    async def take_turn(self, name: str, *, now: float, until: float) -> bool:
        """Whether it is this process's turn to do what only one of all should do until then."""
        ...

    async def extend_turn(self, name: str, *, until: float, longer: float) -> bool:
        """Have the turn that was to end at `until` last longer; False if somebody else has it by now."""
        ...

    async def recall(self, name: str) -> str | None: ...

    async def ping(self) -> None: ...
