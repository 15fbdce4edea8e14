"""UserSigs as the vendor's own libraries make them are understood, and nothing else is."""

import base64
import zlib

import pytest
import TLSSigAPIv2

from sandbox.tencent.usersig import IllegalUserSig, make_user_sig, read_user_sig

APP = 1400000000
KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"
VECTORS = [
    (
        ("administrator", 1700000000, 600),
        "KQPDXJSnAow4b1ZCCTpBfADUP9GhZWElIY8vihIKT+0=",
        "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACgxNDKAAKpdaUZBZlAqUMYMLlWTmggQM"
        "zdGUFmemg6zwDgxwifAKznPMLzdJMoxydg4pcEpzdAkNsHTPiAp3zfGMtCjLzPD0DtE2sFWqBQDXnTRQ",
        "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgZQAJEpycxNVbIyNEcVTa0oyCxKVbIy"
        "gwkUZ6YrWSl5Bwa4RHgF5znml5skGUY5O4cUOKU5uoQGWLpnRIW75nhGWpRlZnh6h2gb2CrVAgBIozLw",
    ),
    (
        ("0055g00000ABCdeAAG", 1735689600, 86400),
        "NuQQwmj/B0Q2Hc0jOUmBuLHRdXXrFIPFIIoU2mELf20=",
        "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkDAxMTdMNQMDRyTkl1dHRHaauOCU7saAgMwWoytDEAAqgcqkVBZlFqUAZCzMTuGBJ"
        "Zi5IyNDc2NTMwtIMLl6cmQ6yya80MLA8N0vfySDQyCPZIMs-NNep1McjKCUiosjNM8DN0zM-1CjX1SfNyMBWqRYA8m0z9w__",
        "eJw1is0KgkAURt-lrsOuk0420EIjU5DKSnAbzSjXmBr8qSB698j07L5zvjeckqP1UDUIYBbCpN8k1a2lgnqN6Lol-vCDlVS*vxlejbyejSEJ"
        "wnZw4F9a0gqEPZ*53Fvw0aqXoVqB8LgzqoZKELDt0vSpq2mAKYsuWO0yHXRJdJB5XofxPozje8b0OikYLuHzBWpUMpc_",
    ),
]


@pytest.mark.parametrize(("inputs", "signature", "python_text", "node_text"), VECTORS)
def test_both_libraries_texts_say_the_same(
    inputs: tuple[str, int, int], signature: str, python_text: str, node_text: str
) -> None:
    identifier, time, expire = inputs
    ours = read_user_sig(make_user_sig(APP, KEY, identifier, time=time, expire=expire))
    assert ours == read_user_sig(python_text) == read_user_sig(node_text)
    assert ours.signature == signature
    assert ours.is_signed_with(KEY)
    assert not ours.is_signed_with(KEY[::-1])


def test_a_fresh_one_of_the_library_is_signed_with_its_key() -> None:
    user_sig = read_user_sig(TLSSigAPIv2.TLSSigAPIv2(APP, KEY).gen_sig("0055g00000ABCdeAAG", 60))
    assert user_sig.is_signed_with(KEY)
    assert user_sig.expire == 60


def test_it_is_valid_until_its_time_is_over() -> None:
    user_sig = read_user_sig(make_user_sig(APP, KEY, "u", time=1000, expire=60))
    assert user_sig.is_valid_at(1059.9)
    assert not user_sig.is_valid_at(1060)


@pytest.mark.parametrize(
    "text",
    [
        "nonsense",
        "====",
        VECTORS[0][2][:-20],
        base64.b64encode(b"{}").decode(),
        base64.b64encode(zlib.compress(b"[]")).decode(),
        base64.b64encode(zlib.compress(b'{"TLS.identifier": 5}')).decode(),
        base64.b64encode(zlib.compress(b" " * 10_000_000)).decode(),
    ],
)
def test_what_is_none_is_told_apart(text: str) -> None:
    with pytest.raises(IllegalUserSig):
        read_user_sig(text)
