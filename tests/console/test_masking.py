"""What is shown of a call holds no secret, wherever one stands."""

from __future__ import annotations

import json

import pytest

from sandbox.console.masking import MASK, Masking

SECRET = "a-very-secret-value"


@pytest.mark.parametrize(
    "content",
    [
        f'{{"deep":[{{"userSig":"{SECRET}"}}]}}',
        f'{{"UserSig":"{SECRET}","Authorization":"Bearer {SECRET}","access_token":"{SECRET}"}}',
        f"grant_type=client_credentials&client_secret={SECRET}",
        f"<soap><urn:password>{SECRET}</urn:password><sessionId>{SECRET}</sessionId></soap>",
    ],
)
def test_what_is_secret_by_its_name_is_masked(content: str) -> None:
    shown = json.dumps(Masking([]).body(content.encode()), ensure_ascii=False)
    assert SECRET not in shown
    assert MASK in shown


@pytest.mark.parametrize("content", [f'{{"subject":"my key is {SECRET}!"}}', f"anything {SECRET}", f"text={SECRET}"])
def test_what_is_secret_by_its_value_is_masked_wherever_it_stands(content: str) -> None:
    assert SECRET not in str(Masking([SECRET]).body(content.encode()))


def test_what_is_not_secret_stays_and_what_is_endless_is_cut() -> None:
    masking = Masking(["", "x"])
    assert masking.body(b'{"Text":"xylophone","n":1,"none":null}') == {"Text": "xylophone", "n": 1, "none": None}
    assert masking.body(json.dumps({"data": "A" * 5000}).encode()) == {"data": f"{'A' * 600}… (5000 characters)"}
    assert masking.body(b"\xff\xfe") == "\ufffd\ufffd"
