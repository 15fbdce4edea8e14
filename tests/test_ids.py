"""Salesforce ids: both forms mean the same record, and what was mistyped is refused where that can be seen."""

from __future__ import annotations

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay import ids
from sandbox.salesforce.ids import to18

PREFIXES = st.sampled_from([ids.CASE, ids.USER, ids.ORG])
CHARACTERS = string.ascii_letters + string.digits
SHORT = st.builds(str.__add__, PREFIXES, st.text(CHARACTERS, min_size=12, max_size=12))


@given(SHORT)
def test_15_characters_become_18_and_stay_so(short: str) -> None:
    whole = ids.to_18(short, short[:3])
    assert (len(whole), whole[:15]) == (18, short)
    assert ids.to_18(whole, short[:3]) == whole == to18(short)


@given(SHORT, SHORT)
def test_two_records_stay_two_even_where_case_is_lost(one: str, other: str) -> None:
    same = ids.to_18(one, one[:3]).lower() == ids.to_18(other, other[:3]).lower()
    assert same == (one == other)


@given(SHORT, st.integers(3, 17), st.sampled_from(CHARACTERS))
def test_one_wrong_character_is_refused_wherever_the_check_characters_show_it(
    short: str, place: int, wrong: str
) -> None:
    """They tell upper case from everything else: a small letter for another is beyond them."""
    whole = ids.to_18(short, short[:3])
    mistyped = whole[:place] + wrong + whole[place + 1 :]
    visible = wrong.isupper() != whole[place].isupper() if place < 15 else wrong.upper() != whole[place]
    if not visible:
        assert ids.to_18(mistyped, short[:3])[:15] == mistyped[:15]
        return
    with pytest.raises(ValueError, match="check characters"):
        ids.to_18(mistyped, short[:3])


@given(SHORT, st.integers(0, 17), st.characters(exclude_characters=CHARACTERS))
def test_no_other_character_is_part_of_an_id(short: str, place: int, wrong: str) -> None:
    whole = ids.to_18(short, short[:3])
    for text in (whole[:place] + wrong + whole[place + 1 :], whole + wrong, wrong + whole, short + wrong):
        with pytest.raises(ValueError, match="must be a Salesforce id"):
            ids.to_18(text, short[:3])


@given(SHORT.filter(lambda short: short != short.lower()))
def test_lost_case_is_refused_rather_than_guessed(short: str) -> None:
    with pytest.raises(ValueError, match="case were lost"):
        ids.to_18(to18(short).lower(), short[:3].lower())


@given(SHORT)
def test_check_characters_may_be_small(short: str) -> None:
    whole = to18(short)
    assert ids.to_18(whole[:15] + whole[15:].lower(), short[:3]) == whole


@given(SHORT, PREFIXES)
def test_another_kind_of_record_is_refused(short: str, prefix: str) -> None:
    if short.startswith(prefix):
        assert ids.to_18(short, prefix) == to18(short)
        return
    for text in (short, to18(short)):
        with pytest.raises(ValueError, match=f"must begin with {prefix}"):
            ids.to_18(text, prefix)


@given(st.text(max_size=20))
def test_any_text_is_an_id_or_a_valueerror(text: str) -> None:
    try:
        assert ids.to_18(text, ids.CASE)[:15] == text[:15]
    except ValueError as error:
        assert str(error)


@given(SHORT)
def test_whoever_could_be_taken_for_an_agent_looks_like_one(short: str) -> None:
    for name in (short, to18(short), to18(short).lower()):
        assert ids.looks_like_user(name) == name.startswith(ids.USER)
    assert not ids.looks_like_user(f"{short}@")
