from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from relay.im.texts import fit

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"  # one picture, 18 bytes
THUMB = "\U0001f44d\U0001f3fd"  # a thumb with a skin tone, 8 bytes


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("My order", "My order"),
        ("a" * 31, "a" * 30),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("bell\x07 and escape\x1b", "bell and escape"),
        ("订单没有收到请帮帮我谢谢", "订单没有收到请帮帮我"),
        ("é" * 20, "é" * 15),
        ("e\u0301" * 20, "e\u0301" * 10),
        ("x" * 27 + "订单", "x" * 27 + "订"),
        ("x" * 28 + "订单", "x" * 28),
        ("x" * 20 + FAMILY, "x" * 20),
        (FAMILY + "x" * 20, FAMILY + "x" * 12),
        ("x" * 25 + THUMB, "x" * 25),
        ("x" * 29 + "e\u0301", "x" * 29),
        ("half a pair \ud83d", "half a pair"),
        ("x" * 29 + " y", "x" * 29),
        (" \n\x00 ", ""),
        ("", ""),
    ],
)
def test_a_name_is_cut_between_characters(text: str, cut: str) -> None:
    assert fit(text, 30) == cut


@given(st.text(st.characters()), st.integers(min_value=4, max_value=60))
def test_any_text_fits_and_nothing_is_made_up(text: str, limit: int) -> None:
    cut = fit(text, limit)
    assert len(cut.encode()) <= limit
    assert set(cut) <= set(text) | {" "}
    assert cut.isprintable() or not text.isprintable()
