"""What the relay says in groups: the customer's first words in his name, and lines about who comes and goes."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
import unicodedata
from collections.abc import Callable

from relay.errors import RelayError, as_relay_error
from relay.models import CaseInfo
from relay.retry import next_attempt
from relay.talk.messages import Messages
from relay.talk.models import Saying
from relay.talk.people import People
from relay.talk.ports import Log, Talk

_log = logging.getLogger(__name__)

_MOST_BYTES = 5000
"""Of a text in one message: however it is written as JSON, it stays below the 12 KB that Tencent takes."""
_LEASE = 30.0
_AT_ONCE = 20
_PER_SECOND = 75
"""Of the 200 that Tencent takes; the rest is for people."""
_INTERVAL = 1.0


def first_words(ticket_id: str, group_id: str, user_id: str, info: CaseInfo) -> list[Saying]:
    """What the ticket says, as the first messages of its group."""
    texts = pieces("\n\n".join(text for text in (info.subject, info.desc) if text), _MOST_BYTES)
    return [
        Saying(group_id, user_id, stable_random("first words", ticket_id, str(number)), text)
        for number, text in enumerate(texts)
    ]


class Sayings:
    """Says what waits in the ledger. wakened: set when there may be more."""

    def __init__(
        self,
        ledger: Log,
        talk: Talk,
        messages: Messages,
        people: People,
        *,
        wakened: asyncio.Event,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._ledger, self._talk, self._messages, self._people = ledger, talk, messages, people
        self._wakened, self._clock = wakened, clock

    async def run(self) -> None:
        """Say what is due until cancelled; what fails is tried again."""
        while True:
            try:
                more = await self.look()
            except RelayError as error:
                more = False
                _log.warning("could not look for what is to be said: %s", error.for_log)
            except Exception:
                more = False
                _log.exception("could not look for what is to be said")
            if not more:
                await self._rest()

    async def look(self) -> bool:
        """Say what is due, the groups side by side; whether there was something."""
        self._wakened.clear()
        began, now = time.monotonic(), self._clock()
        due = await self._ledger.claim_sayings(now=now, until=now + _LEASE, limit=_AT_ONCE)
        await asyncio.gather(*map(self._say, due))
        await asyncio.sleep(max(0.0, len(due) / _PER_SECOND - (time.monotonic() - began)))
        return bool(due)

    async def _say(self, saying: Saying) -> None:
        try:
            if not await self._is_said(saying):
                text = await self._text(saying)
                await self._talk.send_message(saying.group_id, saying.sender, saying.random, text)
        except Exception as failure:
            error = as_relay_error(failure)
            pause = next_attempt(error, saying.attempts + 1, promised=True)
            if pause is not None:
                _log.warning("something is said in group %s in %.1f s: %s", saying.group_id, pause, error.for_log)
                await self._ledger.postpone_saying(saying, self._clock() + pause)
                return
            _log.error("something was not said in group %s: %s", saying.group_id, error.for_log)
        await self._ledger.finish_saying(saying)

    async def _text(self, saying: Saying) -> str:
        """With the name in it of who it is about; what people wrote themselves stays as it is."""
        if not saying.about:
            return saying.text
        names = await self._people.names(saying.group_id, [saying.about])
        return saying.text.replace("{name}", names.get(saying.about, saying.about))

    async def _is_said(self, saying: Saying) -> bool:
        """Tencent drops what comes twice within five minutes; what was tried longer ago is looked for in the group."""
        if saying.claim == 1:
            return False
        await self._messages.fill(saying.group_id)
        return await self._ledger.was_said(saying)

    async def _rest(self) -> None:
        try:
            async with asyncio.timeout(_INTERVAL):
                await self._wakened.wait()
        except TimeoutError:
            return


def stable_random(*parts: str) -> int:
    """32 bits that are the same for the same, as Random of send_group_msg."""
    return int.from_bytes(hashlib.sha256("\0".join(parts).encode(errors="replace")).digest()[:4])


def pieces(text: str, most: int) -> list[str]:
    """The text in pieces of at most so many bytes, together all of it; cut between words where that is possible."""
    found = []
    while len(text.encode(errors="replace")) > most:
        end = len(text.encode(errors="replace")[:most].decode(errors="ignore"))
        end = _seam(text, end)
        found.append(text[:end])
        text = text[end:]
    return [*found, text] if text else found


def _seam(text: str, end: int) -> int:
    """The last end of a word before that place, if there is one near, else of a character as people see it."""
    space = max(text.rfind(" ", end // 2, end), text.rfind("\n", end // 2, end))
    if space > 0:
        return space + 1
    place = end
    while place > max(1, end - 32) and (unicodedata.combining(text[place]) or "\u200d" in text[place - 1 : place + 1]):
        place -= 1
    return place
