"""A transcript's text, whatever the messages hold, without a relay around it."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from relay.talk.models import Attended, Event, Message, Span
from relay.talk.transcript import Transcript, feed_text, in_words

GROUP, ANN = "5005g00000ABCdeAAH", "0055g00000ABCdeAAG"
SPAN = Span(GROUP, 0, 1, 9, 0.0, 99.0)


def lines(*story: Event) -> list[str]:
    """The entries of a transcript in which the relay is called relay, without their times."""
    transcript = Transcript({ANN: "Ann"}, {"alice"}, zone=ZoneInfo("UTC"), relay="relay")
    return [line[21:] for line in transcript.text(SPAN, list(story)).partition("\n\n")[2].splitlines()]


def told(at: float, text: str) -> Message:
    return Message(GROUP, 1, "relay", at, 1, [{"MsgType": "TIMTextElem", "MsgContent": {"Text": text}}])


def test_only_the_line_about_this_coming_stands_for_it() -> None:
    came, went = Attended(GROUP, (ANN,), "joined", 10.5), Attended(GROUP, (ANN,), "left", 30.5)
    assert lines(came, told(10.0, "Ann is here")) == ["* Ann is here"]
    assert lines(came, told(11.0, "Bob is here")) == ["* Ann joined", "* Bob is here"]
    assert lines(told(5.0, "Ann is here"), came) == ["* Ann is here", "* Ann joined"]
    assert lines(came, told(131.0, "Ann is here")) == ["* Ann joined", "* Ann is here"]
    assert lines(came, went, told(40.0, "Ann has gone")) == ["* Ann joined", "* Ann has gone"]


def test_a_long_talk_has_its_first_and_its_last_words_in_the_feed() -> None:
    text = "title\nTimes: UTC\n\n" + "\n".join(f"line {number}" for number in range(1000)) + "\n"
    post = feed_text(text, "title", 500)
    assert len(post) <= 500
    before, gap, after = post.partition("\n[…] The whole is in the file of this name.\n")
    assert gap
    first = before.splitlines()
    assert (first[0], first[2:5], first[-1]) == ("title", ["line 0", "line 1", "line 2"], f"line {len(first) - 3}")
    last = after.splitlines()
    assert last == [f"line {number}" for number in range(1000 - len(last), 1000)]
    assert len(last) > 10


def test_lines_too_long_for_the_feed_are_begun() -> None:
    text = f"title\n\n{'a' * 9000}\n{'z' * 9000}\n"
    post = feed_text(text, "title", 500)
    assert len(post) <= 500
    assert "aaaa" in post
    assert "zzzz" in post


@pytest.mark.parametrize(
    ("element", "words"),
    [
        ({"MsgType": "TIMFaceElem", "MsgContent": {"Index": 1, "Data": "smile"}}, "[face 1]"),
        (
            {"MsgType": "TIMLocationElem", "MsgContent": {"Desc": "home", "Latitude": 1.5, "Longitude": -2}},
            "[place 1.5, -2] home",
        ),
        (
            {"MsgType": "TIMCustomElem", "MsgContent": {"Data": "{}", "Desc": "order", "Ext": "", "Sound": "x"}},
            "[custom] order {}",
        ),
        ({"MsgType": "TIMRelayElem", "MsgContent": {"Title": "t", "MsgList": []}}, "[TIMRelayElem]"),
        ({"MsgType": "TIM\nX\u202eElem", "MsgContent": None}, "[TIM XElem]"),
        ({"MsgContent": "text"}, "[None]"),
        ({"MsgType": "TIMTextElem", "MsgContent": {"Text": 7}}, "7"),
        ({"MsgType": "TIMSoundElem", "MsgContent": {"Url": "https://a/s", "Second": 3}}, "[sound] https://a/s"),
        ({"MsgType": "TIMVideoFileElem", "MsgContent": {"VideoUrl": "https://a/v", "ThumbUrl": "t"}},
         "[video] https://a/v"),
        ({"MsgType": "TIMFileElem", "MsgContent": {"UUID": "of an old SDK", "FileName": "a"}}, "[TIMFileElem]"),
        (
            {"MsgType": "TIMImageElem", "MsgContent": {"ImageInfoArray": [
                {"Type": 3, "URL": "https://a/thumb"}, None, {"Type": 1, "URL": "https://a/original"},
                {"Type": 2, "URL": "https://a/large"},
            ]}},
            "[image] https://a/original",
        ),
        ({"MsgType": "TIMImageElem", "MsgContent": {"ImageInfoArray": [{"Type": 2, "Url": "https://a/l"}]}},
         "[image] https://a/l"),
    ],
)  # fmt: skip
def test_every_kind_of_element_is_told_in_words(element: dict[str, Any], words: str) -> None:
    assert in_words(element, lambda _: None) == words
