"""The other half of the shape of the house: what the core asks of whom when it is about what is said in groups.

Every method may be repeated safely, as in relay.ports.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Protocol

from relay.talk.models import Attachment, Event, Heard, Known, Message, Page, Saying, Span


class Talk(Protocol):
    """Tencent Chat, as far as what is said in groups goes. Methods raise ImError, GroupNotFound among them."""

    async def read_messages(self, group_id: str, up_to: int | None) -> Page:
        """The newest messages with this number or a lower one (None: of all), a page of them."""
        ...

    async def newest_messages(self, group_ids: Sequence[str]) -> dict[str, int]:
        """The number of the last message of each of these groups that is there."""
        ...

    async def send_message(self, group_id: str, sender: str, random: int, text: str) -> None:
        """Say it in that account's name, or in the relay's own (""); once for one random within five minutes."""
        ...


class Archive(Protocol):
    """Salesforce, as far as keeping what was said goes. Methods raise CrmError."""

    async def user_names(self, user_ids: Sequence[str]) -> dict[str, str]:
        """The names of those Users whom Salesforce knows."""
        ...

    async def save_file(self, case_id: str, title: str, path: str, data: bytes, *, origin: str) -> None:
        """Attach the file to the Case, once for each title. path: its name, with its extension.

        origin: the Case that it is about, which may have got it before it lost a merge to this one.
        """
        ...

    async def post_once(self, case_id: str, mark: str, text: str) -> None:
        """Put the text, which begins with the mark, into the Case's feed, once for each mark."""
        ...


class Media(Protocol):
    """Files that messages link to."""

    async def fetch(self, url: str, name: str) -> Attachment | None:
        """What is there; None if it may not be kept, or is not to be had. ImError if it may be had later.

        name: what its sender calls it, or "".
        """
        ...


class Callbacks(Protocol):
    """What Tencent sends by itself."""

    def check(self, query: Iterable[tuple[str, str]]) -> None:
        """Raise Unauthorized or Forbidden unless it is Tencent who calls, now, and for this app."""
        ...

    def read(self, body: bytes) -> Heard | None:
        """What it tells, if it can be about a group of ours; BadRequest if it is not even JSON."""
        ...


class Log(Protocol):
    """The ledger's part about what is said in groups, of those with a ticket. See relay.talk.models for lives."""

    async def hear(self, heard: Heard, *, follows: bool = False) -> bool:
        """Keep it, once, however often it is told; False if something before it was not heard.

        follows: the message before it was heard for certain, so that nobody need look.
        """
        ...

    async def keep_read(
        self, group_id: str, life: int, messages: Sequence[Message], *, none_between: tuple[int, int], is_lost: bool
    ) -> None:
        """Keep what Tencent gave when it was asked.

        none_between: from and to which number it has no other; is_lost: it had.
        """
        ...

    async def begin_life(self, group_id: str, began: float) -> None:
        """The group was made anew, and nobody had told of the old one's end."""
        ...

    async def current_life(self, group_id: str) -> int:
        """The life that the group is in, if it is there."""
        ...

    async def last_life(self, group_id: str) -> int:
        """The newest life of which something is known."""
        ...

    async def highest_hole(self, group_id: str, life: int, below: int | None) -> int | None:
        """The highest number, below one that is known, of which nothing is known."""
        ...

    async def known(self, group_id: str, life: int, before: int | None = None) -> Known:
        """How much is known of what was said before that number, or of all."""
        ...

    async def log(self, group_id: str, life: int, before: int | None, limit: int) -> list[Message]:
        """The last messages before that number, or of all, the oldest first."""
        ...

    async def note_gap(self, group_id: str, due: float) -> None:
        """Tencent is to be asked then what was not heard."""
        ...

    async def claim_gaps(self, *, now: float, until: float, limit: int) -> list[tuple[str, int]]:
        """Take over groups that are due: (group, how often it was tried)."""
        ...

    async def postpone_gap(self, group_id: str, due: float) -> None: ...

    async def close_gap(self, group_id: str) -> None: ...

    async def is_customer(self, group_id: str, user_id: str | None) -> bool | None:
        """Whether a ticket with this Case is the end user's (None: anybody's); None if there is no such ticket."""
        ...

    async def opened_at(self, group_id: str) -> float:
        """When the first ticket with this Case was opened."""
        ...

    async def names(self, group_id: str, user_ids: Collection[str]) -> dict[str, str]:
        """The names of those who have one: agents, and the customers of the group's tickets."""
        ...

    async def keep_names(self, names: Mapping[str, str]) -> None:
        """These Users have these names now."""
        ...

    async def open_groups(self) -> dict[str, int]:
        """Groups that are there, as far as the ledger knows, with the highest number that it knows of each."""
        ...

    async def take_turn(self, name: str, *, now: float, until: float) -> bool:
        """Whether it is this process's turn to do what only one of all should do until then."""
        ...

    async def extend_turn(self, name: str, *, until: float, longer: float) -> bool:
        """Have the turn that was to end at `until` last longer; False if somebody else has it by now."""
        ...

    async def plan_archives(self, group_id: str, now: float) -> list[Span]:
        """Settle which files are to be written of what was said so far; those that are not written yet."""
        ...

    async def story(self, span: Span) -> list[Event]:
        """Everything that is to stand in the file, in order."""
        ...

    async def begin_writing(self, span: Span, now: float, *, landed: float) -> bool:
        """Something of it is about to be written; False if something after `landed` was that may be on its way.

        now, landed: Unix seconds.
        """
        ...

    async def end_writing(self, span: Span) -> None:
        """It is known what came of what was written."""
        ...

    async def finish_archive(self, span: Span) -> None:
        """The file is written."""
        ...

    async def enqueue_archive(self, group_id: str, now: float) -> None:
        """Have what was said so far written to the Case, in the group's line of commands."""
        ...

    async def end_life(self, group_id: str) -> None:
        """The group was dismissed; what is said from now on is said in another of the same id."""
        ...

    async def customers(self, group_id: str) -> set[str]:
        """The end users whose tickets are this Case."""
        ...

    async def forget_messages(self, ended_before: float) -> None:
        """Drop what was said in groups that ended before then."""
        ...

    async def add_sayings(self, sayings: list[Saying]) -> None:
        """To be said, in this order, after what is waiting in the same group."""
        ...

    async def claim_sayings(self, *, now: float, until: float, limit: int) -> list[Saying]:
        """Take over what is due and the first of its group."""
        ...

    async def finish_saying(self, saying: Saying) -> None:
        """It is said, or never will be."""
        ...

    async def postpone_saying(self, saying: Saying, due: float) -> None: ...

    async def was_said(self, saying: Saying) -> bool:
        """Whether the log has it."""
        ...
