"""What was said in a group as a text that people read, whatever the messages hold.

Nobody can write a line that looks like another's: only what begins with a time is a new entry, everything else is
indented; and what would change how the text before or after it is shown is taken out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from math import inf
from typing import Any

from relay.talk.models import Attended, Element, Event, Message, Missing, Span

_INDENT = "\n    "
_ENDS_OF_LINES = re.compile("\r\n|[\r\n\v\f\x85\u2028\u2029]")
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufffe\uffff]"
)
"""Control characters, those that turn the direction of the text around them, and half characters."""
_FORMULA = re.compile(r"[=+\-@\t]")
_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|%\n\t]')
_MOST_IN_NAME = 80
"""Characters, which may count twice in Salesforce's titles of 255."""
_SOON = 120.0
"""Seconds within which the relay tells of somebody's coming."""
_MARKS = {"edited": " (edited)", "recalled": " (recalled)"}


class Transcript:
    """One group's talk as text.

    names: of accounts that have one. customers: the end users among them. relay: the account the relay speaks as.
    instead: what is said instead of a link, that what it leads to is a file on the Case, for instance; None: the link.
    """

    def __init__(
        self,
        names: Mapping[str, str],
        customers: Collection[str],
        *,
        zone: tzinfo,
        relay: str,
        instead: Callable[[str], str | None] = lambda _: None,
    ) -> None:
        self._customers, self._zone, self._relay = customers, zone, relay
        self._names = {account: plain for account, name in names.items() if (plain := _plain_name(name))}
        self._labels = dict(_labels(self._names))
        self._instead = instead

    def text(self, span: Span, story: Sequence[Event]) -> str:
        """The whole file."""
        return "\n".join([*self._head(span, story), "", *map(self.entry, self._once(story)), ""])

    def _once(self, story: Sequence[Event]) -> Iterator[Event]:
        """Without the comings and goings that the relay itself has told of in the group, each in a line of its own."""
        lines = [(one.said_at, self._content(one)) for one in story if isinstance(one, Message) and self._is_ours(one)]
        events = [one for one in story if isinstance(one, Attended)]
        for one in story:
            if isinstance(one, Attended):
                following = min((e.at for e in events if e.user_ids == one.user_ids and e.at > one.at), default=inf)
                told = next((line for line in lines if self._tells(line, one, following)), None)
                if told is not None:
                    lines.remove(told)
                    continue
            yield one

    def _tells(self, line: tuple[float, str], one: Attended, following: float) -> bool:
        """Whether it was said of this, before what happened next to him; messages bear whole seconds."""
        at, text = line
        return one.at - 1 <= at < min(following, one.at + _SOON) and self._name(one.user_ids[0]) in text

    def _is_ours(self, one: Message) -> bool:
        return one.sender == self._relay

    def entry(self, one: Event) -> str:
        """What happened at one moment."""
        if isinstance(one, Attended):
            people = ", ".join(map(self._label, one.user_ids))
            return f"{self._time(one.at)}  * {people} {one.what}"
        if isinstance(one, Missing):
            which = f"Message {one.first}" if one.first == one.last else f"Messages {one.first} to {one.last}"
            return f"* {which} could not be read any more"
        begin = f"{self._time(one.said_at)}  {'*' if self._is_ours(one) else f'{self._label(one.sender)}:'}"
        return f"{begin} {self._content(one)}{_MARKS.get(one.state, '')}".rstrip()

    def _head(self, span: Span, story: Sequence[Event]) -> list[str]:
        zone = str(self._zone)
        accounts = dict.fromkeys(account for account in accounts_in(story) if account != self._relay)
        people = [f"    {self._name(account)}{self._role(account)}" for account in accounts]
        return [title(span), f"Times: {zone}", "People:", *people]

    def _role(self, account: str) -> str:
        role = ", customer" if account in self._customers else ""
        return f"{role} ({account})" if account in self._names else role

    def _content(self, one: Message) -> str:
        return one_entry(" ".join(filter(None, (in_words(element, self._instead) for element in one.elements))))

    def _name(self, account: str) -> str:
        return self._names.get(account) or one_line(account) or "somebody"

    def _label(self, account: str) -> str:
        """The name as it stands before what was said."""
        return self._labels.get(account) or self._name(account)

    def _time(self, moment: float) -> str:
        return datetime.fromtimestamp(moment, self._zone).strftime("%Y-%m-%d %H:%M:%S")


def _plain_name(name: str) -> str:
    """Customers choose their names: none looks like a line of the relay's, nor is longer than a line."""
    return one_line(name).lstrip("* ")[:_MOST_IN_NAME].rstrip()


def _labels(names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Who is called like somebody else, like the agent even, stands before what he said with his account."""
    looks = Counter(map(_look, names.values()))
    for account, name in names.items():
        yield account, f"{name} ({account})" if looks[_look(name)] > 1 else name


def _look(name: str) -> str:
    """The same for names that people would hardly tell from each other."""
    return "".join(one for one in unicodedata.normalize("NFKC", name).casefold() if one.isalnum())


def accounts_in(story: Sequence[Event]) -> Iterator[str]:
    """Who said something in it, came or went, as often as he did."""
    for one in story:
        match one:
            case Message(sender=sender) if sender:
                yield sender
            case Attended():
                yield from one.user_ids


def title(span: Span) -> str:
    """The name of the file, the same for the same messages."""
    again = f" (group {span.life + 1})" if span.life else ""
    return f"Chat transcript {span.group_id}{again}, messages {span.first}-{span.last}"


def feed_text(text: str, name: str, most: int) -> str:
    """What stands in the Case's feed: the transcript, or where that is too long, its beginning and its end."""
    body = text.partition("\n\n")[2].rstrip("\n")
    head = f"{name}\n\n"
    if len(head) + len(body) <= most:
        return head + body
    lines = body.split("\n")
    gap = "\n[…] The whole is in the file of this name.\n"
    room = (most - len(head) - len(gap)) // 2
    return head + _first(lines, room) + gap + _first(lines[::-1], room, backwards=True)


def _first(lines: list[str], room: int, *, backwards: bool = False) -> str:
    """As many whole lines as there is room for; the beginning of one that is too long by itself."""
    kept: list[str] = []
    for line in lines:
        if room < len(line) + 1:
            kept += [line[:room]] if not kept else []
            break
        kept.append(line)
        room -= len(line) + 1
    return "\n".join(kept[::-1] if backwards else kept)


def in_words(element: Element, instead: Callable[[str], str | None]) -> str:
    """One element of a message, with a link where it has one (https://trtc.io/document/33527)."""
    content = element.get("MsgContent")
    fields: Mapping[str, Any] = content if isinstance(content, dict) else {}
    match element.get("MsgType"):
        case "TIMTextElem":
            return str(fields.get("Text", ""))
        case "TIMFaceElem":
            return f"[face {fields.get('Index', '')}]"
        case "TIMLocationElem":
            return (
                f"[place {fields.get('Latitude', '')}, {fields.get('Longitude', '')}] {fields.get('Desc', '')}".strip()
            )
        case "TIMCustomElem":
            texts = (fields.get(name) for name in ("Desc", "Data", "Ext"))
            return " ".join(["[custom]", *(str(text) for text in texts if text)])
        case other:
            found = link(element)
            if found is None:
                return f"[{one_line(str(other))[:40]}]"
            what, name, url = found
            return f"[{what}{f' {safe_name(name)}' if name else ''}] {instead(url) or one_line(url)}"


def link(element: Element) -> tuple[str, str, str] | None:
    """What an element leads to: (kind, name, URL)."""
    content = element.get("MsgContent")
    fields: Mapping[str, Any] = content if isinstance(content, dict) else {}
    match element.get("MsgType"):
        case "TIMImageElem":
            sizes = fields.get("ImageInfoArray")
            images = [one for one in sizes if isinstance(one, dict)] if isinstance(sizes, list) else []
            original = next((one for one in images if one.get("Type") == 1), images[0] if images else {})
            found = ("image", "", original.get("URL") or original.get("Url"))
        case "TIMSoundElem":
            found = ("sound", "", fields.get("Url"))
        case "TIMFileElem":
            found = ("file", str(fields.get("FileName", "")), fields.get("Url"))
        case "TIMVideoFileElem":
            found = ("video", "", fields.get("VideoUrl"))
        case _:
            return None
    kind, name, url = found
    return (kind, name, str(url)) if url else None


def safe_name(name: str) -> str:
    """A file's name that is only a name: no path, no formula, nothing invisible, not too long."""
    clean = _NOT_IN_NAMES.sub("_", one_line(name)).strip(" .")
    stem, _, extension = clean.rpartition(".")
    if len(clean) > _MOST_IN_NAME:
        end = f".{extension}" if stem and len(extension) < 10 else ""
        clean = clean[: _MOST_IN_NAME - len(end)] + end
    return f"_{clean}" if _FORMULA.match(clean) else clean


def one_line(text: str) -> str:
    """The text on one line, without what cannot be seen."""
    return _INVISIBLE.sub("", _ENDS_OF_LINES.sub(" ", text))


def one_entry(text: str) -> str:
    """The text with all its lines, of which none looks like a new entry."""
    return _INVISIBLE.sub("", _INDENT.join(_ENDS_OF_LINES.split(text)))
