"""What messages link to, as files on the Case, each once; what cannot be had is no reason to stop."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass

from relay.errors import CrmError, ImError
from relay.talk.models import Attachment, Event, Message, Span
from relay.talk.ports import Media
from relay.talk.transcript import link, one_line, safe_name

_log = logging.getLogger(__name__)

_AT_ONCE = 4
"""Files that are fetched at once: a host that hangs keeps a chat waiting so much shorter, and memory holds them all."""

Save = Callable[[str, str, bytes], Awaitable[None]]
"""Attaches a file to the Case: its title, its name and what is in it. Raises CrmError."""


@dataclass(frozen=True, slots=True)
class _Link:
    """Of one element of a message. place: which element that is, as the title of its file begins."""

    kind: str
    name: str
    url: str
    place: str


async def keep_attachments(media: Media, span: Span, story: Sequence[Event], save: Save) -> dict[str, str]:
    """What is to be said instead of links: which file on the Case it is now. Raises CrmError if none is taken for now.

    They are saved one after another: whoever adds to a Case's files locks it.
    """
    kept: dict[str, str] = {}
    links = list(_links(span, story))
    for start in range(0, len(links), _AT_ONCE):
        some = links[start : start + _AT_ONCE]
        for one, file in zip(some, await asyncio.gather(*(_fetch(media, one) for one in some)), strict=True):
            if isinstance(file, ImError):
                _log.warning("an attachment stays a link in the transcript of %s: %s", span.group_id, file.for_log)
                kept[one.url] = f"{one_line(one.url)} (could not be fetched; the link expires)"
            elif file is not None and (title := await _save(one, file, save)):
                kept[one.url] = f"in the file {title}"
    return kept


def _links(span: Span, story: Sequence[Event]) -> Iterator[_Link]:
    """Each address once, where it was said first."""
    again = f" (group {span.life + 1})" if span.life else ""
    seen: set[str] = set()
    for message in (one for one in story if isinstance(one, Message)):
        for number, element in enumerate(message.elements, 1):
            found = link(element)
            if found is not None and found[2] not in seen:
                seen.add(found[2])
                yield _Link(*found, place=f"Chat {span.group_id}{again}, message {message.seq}.{number}")


async def _fetch(media: Media, one: _Link) -> Attachment | ImError | None:
    try:
        return await media.fetch(one.url, one.name)
    except ImError as error:
        return error


async def _save(one: _Link, file: Attachment, save: Save) -> str | None:
    """The title that it has on the Case now; None if the org refuses it, as it may files of some types."""
    name = safe_name(one.name) or f"{one.kind}.{file.extension}"
    title = f"{one.place} {name}"
    try:
        await save(title, name, file.data)
    except CrmError as error:
        if error.retryable or error.mendable:
            raise
        _log.warning("the file stays a link in the transcript: %s: %s", title, error.for_log)
        return None
    return title
