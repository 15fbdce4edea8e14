"""A ticket's content as a Case: nothing is too long, nothing is broken, nothing is lost."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Collection

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from relay.crm import refused_fields
from relay.crm.fields import DESCRIPTION, case_fields, cut, overflow_text, units
from relay.models import CaseInfo, FieldValue

patiently = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example])

LIMITS = {"Subject": 255, "Description": 32_000, "SuppliedName": 80, "SuppliedEmail": 80, "SuppliedPhone": 40}
PIECES = [
    "a",
    " ",
    "é",
    "e\u0301",
    "打",
    "👍🏽",
    "👩\u200d💻",
    "🇧🇷",
    "\n",
    "\x00",
    "\x0b",
    "\uffff",
    "\ud83d",
    "<",
    "Full ",
]


def long_texts(lengths: Collection[int]) -> st.SearchStrategy[str]:
    """Texts around a length at which something happens, of pieces that are easily broken."""
    piece = st.lists(st.sampled_from(PIECES), min_size=1, max_size=12).map("".join)
    return st.tuples(piece, st.sampled_from(sorted(lengths)), st.integers(-3, 3), piece).map(
        lambda t: (t[0] * (t[1] // max(1, len(t[0])) + 1))[: max(1, t[1] + t[2])] + t[3]
    )


def info_of(subject: str, desc: str | None, name: str | None, email: str | None, phone: str | None) -> CaseInfo:
    """Built without validation: whatever gets past it must be borne here."""
    return CaseInfo.model_construct(subject=subject, desc=desc, name=name, email=email, phone=phone)


SHORT = {1, 40, 80, 255}
INFOS = st.builds(
    info_of,
    subject=long_texts({1, 255, 400, 31_900, 40_000}),
    desc=st.none() | long_texts({1, 31_000, 31_700, 32_000, 50_000}),
    name=st.none() | long_texts(SHORT),
    email=st.none() | long_texts(SHORT),
    phone=st.none() | long_texts(SHORT),
)


def texts_of(info: CaseInfo) -> list[str]:
    return [text for text in (info.subject, info.desc, info.name, info.email, info.phone) if text]


def holdable(text: str) -> str:
    """What Salesforce can hold of it, said in another way than the code says it."""

    def holds(character: str) -> bool:
        number = ord(character)
        control = number < 32 and character not in "\t\n\r"
        return not (control or 0xD800 <= number <= 0xDFFF or number in (0xFFFE, 0xFFFF))

    return "".join(character if holds(character) else "\ufffd" for character in text)


@patiently
@given(INFOS)
def test_no_field_is_longer_than_salesforce_holds(info: CaseInfo) -> None:
    case = case_fields(info, "Chat")
    for name, limit in LIMITS.items():
        value = case.get(name, "")
        assert isinstance(value, str)
        assert len(value.replace("\n", "\r\n").encode("utf-16-le")) // 2 <= limit


@patiently
@given(INFOS)
def test_every_word_is_in_the_fields_or_in_the_file(info: CaseInfo) -> None:
    sent = [value for value in case_fields(info, "Chat").values() if isinstance(value, str)]
    file = overflow_text(info)
    for text in texts_of(info):
        held = holdable(text)
        assert any(held in value for value in sent) or (file is not None and held in file)


@patiently
@given(INFOS)
def test_the_file_holds_everything_or_is_not_needed(info: CaseInfo) -> None:
    file = overflow_text(info)
    if file is not None:
        assert all(holdable(text) in file for text in texts_of(info))
        description = case_fields(info, "Chat")["Description"]
        assert isinstance(description, str)
        assert description.endswith("[Cut here. The whole text is in a file on this Case.]")


@patiently
@given(INFOS)
def test_what_is_sent_is_whole_characters_that_xml_can_hold(info: CaseInfo) -> None:
    for value in case_fields(info, "Chat").values():
        assert isinstance(value, str)
        value.encode()
        element = ET.Element("field")
        element.text = value
        ET.fromstring(ET.tostring(element, encoding="utf-8"))


@patiently
@given(long_texts({10, 40, 255}), st.integers(5, 300))
def test_cutting_never_splits_what_is_seen_as_one_character(text: str, limit: int) -> None:
    text = holdable(text)
    short = cut(text, limit, "…")
    assert units(short) <= limit
    if short != text:
        assert text.startswith(short[:-1])
        following = text[len(short) - 1]
        lone = limit > 100  # a run longer than the search back may be split
        assert not lone or following not in "\u0301\u200d🏽"


def test_an_emoji_at_the_limit_is_left_out_whole() -> None:
    case = case_fields(CaseInfo(subject="x" * 253 + "👩\u200d💻" + "y"), "Chat")
    assert case["Subject"] == "x" * 253 + "…"
    assert case["Description"] == "Full subject: " + "x" * 253 + "👩\u200d💻y"


def test_a_short_ticket_is_sent_as_it_is() -> None:
    info = CaseInfo(subject="Hello", desc="World", name="Ana", email="a@b.co", phone="1", priority="High", origin="Web")
    assert case_fields(info, "Chat") == {
        "Subject": "Hello",
        "Description": "World",
        "SuppliedName": "Ana",
        "SuppliedEmail": "a@b.co",
        "SuppliedPhone": "1",
        "Priority": "High",
        "Origin": "Web",
    }
    assert overflow_text(info) is None


def test_what_was_not_said_is_not_sent() -> None:
    assert case_fields(CaseInfo(subject="Hello", desc="", name="", email=""), "Chat") == {
        "Subject": "Hello",
        "Origin": "Chat",
    }


def test_too_long_an_address_is_kept_in_the_description_and_not_sent_cut() -> None:
    email = "a" * 80 + "@example.com"
    case = case_fields(CaseInfo(subject="Hello", desc="World", email=email), "Chat")
    assert "SuppliedEmail" not in case
    assert case["Description"] == f"Full e-mail: {email}\n\nWorld"


def test_a_description_of_exactly_the_limit_is_sent_whole() -> None:
    info = CaseInfo(subject="Hello", desc="打" * DESCRIPTION)
    assert case_fields(info, "Chat")["Description"] == "打" * DESCRIPTION
    assert overflow_text(info) is None
    assert overflow_text(CaseInfo(subject="Hello", desc="打" * (DESCRIPTION + 1))) is not None


def test_more_fields_keep_their_names_and_kinds() -> None:
    fields: dict[str, FieldValue] = {"Product__c": "X\x00", "Seats__c": 3, "Vip__c": True, "Gone__c": None}
    case = case_fields(CaseInfo(subject="Hello", fields=fields), "Chat")
    assert {name: case[name] for name in fields} == {**fields, "Product__c": "X\ufffd"}


@pytest.mark.parametrize(
    ("fields", "refused"),
    [
        ({"Product__c": "x"}, []),
        ({"product__C": "x"}, []),
        ({"Other__c": "x"}, ["caseInfo.fields.Other__c"]),
        ({"OwnerId": "x", "Product__c": "x"}, ["caseInfo.fields.OwnerId"]),
        ({"Subject": "x"}, ["caseInfo.fields.Subject"]),
        ({"chatticket__c": "x"}, ["caseInfo.fields.chatticket__c"]),
        ({}, []),
        (None, []),
    ],
)
def test_fields_that_may_not_be_sent_are_named(fields: dict[str, FieldValue] | None, refused: list[str]) -> None:
    info = CaseInfo(subject="Hello", fields=fields)
    allowed = ["Product__c", "Subject", "ChatTicket__c"]
    assert [path for path, _ in refused_fields(info, allowed)] == refused
