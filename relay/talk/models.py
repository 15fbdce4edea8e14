"""What is said and done in groups, as the rooms hand it to each other.

A group that is dismissed and made again under the same id counts its messages from 1 again: it begins another life, and
a message is known by its group, the life of the group, and its number. Times are Unix seconds, by Tencent's clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Element = dict[str, Any]
"""One part of a message as Tencent Chat has it: MsgType and MsgContent (https://trtc.io/document/33527)."""

State = Literal["said", "edited", "recalled", "erased", "lost", "nothing"]
"""recalled: withdrawn, its content is gone. erased: on request, by `relay erase`. lost: there was one, and Tencent has
it no more. nothing: this number was never given to a message that is kept (a signal for those online, say)."""


@dataclass(frozen=True, slots=True)
class Message:
    """sender: an account, "" if nobody knows. random: the sender's own number, by which Tencent drops repetitions."""

    group_id: str
    seq: int
    sender: str
    said_at: float
    random: int
    elements: Sequence[Element]
    state: State = "said"


@dataclass(frozen=True, slots=True)
class Edited:
    """A message has other elements since then."""

    group_id: str
    seq: int
    elements: Sequence[Element]
    at: float


@dataclass(frozen=True, slots=True)
class Recalled:
    """Messages were withdrawn."""

    group_id: str
    seqs: tuple[int, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Attended:
    """Accounts came into the group, or went."""

    group_id: str
    user_ids: tuple[str, ...]
    what: Literal["joined", "left"]
    at: float


@dataclass(frozen=True, slots=True)
class Dismissed:
    """The group is gone; one of the same id that comes later is another."""

    group_id: str
    at: float


@dataclass(frozen=True, slots=True)
class Missing:
    """Messages from first to last that nobody told of and that cannot be asked for any more."""

    first: int
    last: int


Heard = Message | Edited | Recalled | Attended | Dismissed


Event = Message | Attended | Missing
"""What stands in a transcript."""


@dataclass(frozen=True, slots=True)
class Page:
    """Messages of a group, the newest first, of those that Tencent keeps.

    is_last: it has no older ones. expired: those it had are past the time for which the plan keeps them.
    """

    messages: Sequence[Message]
    is_last: bool
    expired: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """How much of a group's talk the ledger has. life: which of the group's lives.

    newest: the highest number. has_holes: a number below is neither kept nor known to be nothing. lost: so many are
    gone for good.
    """

    life: int
    newest: int
    has_holes: bool
    lost: int

    @property
    def is_whole(self) -> bool:
        return not self.has_holes and not self.lost


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a group's talk that is one file: the messages from first to last, and who came and went meanwhile."""

    group_id: str
    life: int
    first: int
    last: int
    since: float
    until: float


@dataclass(frozen=True, slots=True)
class Saying:
    """Something the relay is to say.

    sender: in whose name, "" for itself. random: the same at each attempt, so that Tencent drops what comes twice.
    about: whose name stands in the text for {name}; "" for nobody's. saying_id: 0 until it is stored.
    """

    group_id: str
    sender: str
    random: int
    text: str
    about: str = ""
    saying_id: int = 0
    claim: int = 0
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a message led to. extension: jpg, say."""

    data: bytes
    extension: str


@dataclass(frozen=True, slots=True)
class Traces:
    """What the ledger holds of an end user.

    counts: rows, by what they are. cases: where he said something or opened a ticket. still_open: those of them whose
    group is there. under_way: tickets that are being opened.
    """

    counts: dict[str, int]
    cases: tuple[str, ...]
    still_open: tuple[str, ...]
    under_way: int
