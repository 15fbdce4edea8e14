from __future__ import annotations

import base64
import json
import zlib
from urllib.parse import parse_qs

import pytest
import TLSSigAPIv2
from hypothesis import given
from hypothesis import strategies as st

from relay.im.usersig import ADMIN_TTL, AdminSig, UserSigs

APP = 1400000000
KEY = "5bd2850fff3ecb11d7c805251c51ee463a25727bddc2385f3fa8bfee1bb93b5e"  # the example of the vendor's own README
NOW = 1_800_000_000

VECTORS = {
    "administrator, signed in Python": (
        "administrator",
        1700000000,
        600,
        "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkElNyM-Myi0uKEkvyi2BKilOyEwsKMlOACgxNDKAAKpdaUZBZlAqUMYMLlWTmggQM"
        "zdGUFmemg6zwDgxwifAKznPMLzdJMoxydg4pcEpzdAkNsHTPiAp3zfGMtCjLzPD0DtE2sFWqBQDXnTRQ",
    ),
    "administrator, signed in Node": (
        "administrator",
        1700000000,
        600,
        "eJyrVgrxCdYrSy1SslIy0jNQ0gHzM1NS80oy0zLBwokpuZl5mcUlRYkl*UVQBcUp2YkFBZkpSlaGJgZQAJEpycxNVbIyNEcVTa0oyCxKVbIy"
        "gwkUZ6YrWSl5Bwa4RHgF5znml5skGUY5O4cUOKU5uoQGWLpnRIW75nhGWpRlZnh6h2gb2CrVAgBIozLw",
    ),
    "a Salesforce User, signed in Python": (
        "0055g00000ABCdeAAG",
        1735689600,
        86400,
        "eJyrVgrxCdYrSy1SslJQMtIzUNJRAItkpqTmlWSmZUIkDAxMTdMNQMDRyTkl1dHRHaauOCU7saAgMwWoytDEAAqgcqkVBZlFqUAZCzMTuGBJ"
        "Zi5IyNDc2NTMwtIMLl6cmQ6yya80MLA8N0vfySDQyCPZIMs-NNep1McjKCUiosjNM8DN0zM-1CjX1SfNyMBWqRYA8m0z9w__",
    ),
    "a Salesforce User, signed in Node": (
        "0055g00000ABCdeAAG",
        1735689600,
        86400,
        "eJw1is0KgkAURt-lrsOuk0420EIjU5DKSnAbzSjXmBr8qSB698j07L5zvjeckqP1UDUIYBbCpN8k1a2lgnqN6Lol-vCDlVS*vxlejbyejSEJ"
        "wnZw4F9a0gqEPZ*53Fvw0aqXoVqB8LgzqoZKELDt0vSpq2mAKYsuWO0yHXRJdJB5XofxPozje8b0OikYLuHzBWpUMpc_",
    ),
}


class Library:
    """Stands where TLSSigAPIv2 has the module time, so that it signs at a moment of ours."""

    def __init__(self, now: float) -> None:
        self._now = now

    def time(self) -> float:
        return self._now


@pytest.fixture
def sigs(monkeypatch: pytest.MonkeyPatch) -> UserSigs:
    monkeypatch.setattr(TLSSigAPIv2, "time", Library(NOW))
    return UserSigs(APP, KEY, clock=lambda: NOW)


def _unpacked(user_sig: str) -> dict[str, object]:
    packed = base64.b64decode(user_sig.translate(str.maketrans("*-_", "+/=")))
    fields = json.loads(zlib.decompress(packed))
    assert isinstance(fields, dict)
    return fields


def _packed(fields: object) -> str:
    packed = base64.b64encode(zlib.compress(json.dumps(fields).encode())).decode()
    return packed.translate(str.maketrans("+/=", "*-_"))


@pytest.mark.parametrize("name", VECTORS)
def test_a_usersig_of_another_library_is_verified(name: str) -> None:
    user_id, made_at, ttl, user_sig = VECTORS[name]
    fields = UserSigs(APP, KEY).verify(user_sig, made_at)
    assert (fields["TLS.identifier"], fields["TLS.time"], fields["TLS.expire"]) == (user_id, made_at, ttl)


@pytest.mark.parametrize("name", VECTORS)
def test_our_usersig_has_the_fields_of_the_vector(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    user_id, made_at, ttl, vector = VECTORS[name]
    monkeypatch.setattr(TLSSigAPIv2, "time", Library(made_at))
    user_sig, expires_at = UserSigs(APP, KEY, clock=lambda: made_at).sign(user_id, ttl)
    assert _unpacked(user_sig) == _unpacked(vector)
    assert expires_at == made_at + ttl


printable = st.text(min_size=1, max_size=64).filter(str.isprintable)


@given(user_id=printable, ttl=st.integers(min_value=1, max_value=10**9))
def test_what_was_signed_is_verified(user_id: str, ttl: int) -> None:
    sigs = UserSigs(APP, KEY)
    user_sig, expires_at = sigs.sign(user_id, ttl)
    fields = sigs.verify(user_sig, sigs.clock())
    assert fields["TLS.identifier"] == user_id
    assert expires_at <= fields["TLS.time"] + ttl < expires_at + 60
    assert not set(user_sig) - set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789*-_")


@given(user_id=st.text(max_size=40).filter(lambda text: not text or not text.isprintable()))
def test_no_usersig_is_made_for_an_id_that_could_hold_another(user_id: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        UserSigs(APP, KEY).sign(user_id, 600)


@given(st.data())
def test_a_changed_usersig_is_refused(data: st.DataObject) -> None:
    sigs = UserSigs(APP, KEY)
    user_sig, _ = sigs.sign("eve", 600)
    fields = _unpacked(user_sig)
    name = data.draw(st.sampled_from(["TLS.identifier", "TLS.sdkappid", "TLS.time", "TLS.expire", "TLS.sig"]))
    other: st.SearchStrategy[object] = st.text() if isinstance(fields[name], str) else st.integers()
    fields[name] = data.draw(other.filter(lambda value: value != fields[name]))
    with pytest.raises(ValueError, match="signature is wrong"):
        sigs.verify(_packed(fields), sigs.clock())


@given(place=st.integers(min_value=0, max_value=150), character=st.sampled_from("AZaz09*-_"))
def test_a_usersig_with_one_changed_character_is_refused_or_means_the_same(place: int, character: str) -> None:
    user_id, made_at, _, user_sig = VECTORS["administrator, signed in Python"]
    changed = user_sig[:place] + character + user_sig[place + 1 :]
    try:
        fields = UserSigs(APP, KEY).verify(changed, made_at)
    except ValueError:
        return
    assert fields == _unpacked(user_sig) and user_id == fields["TLS.identifier"]


json_values: st.SearchStrategy[object] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda part: st.lists(part) | st.dictionaries(st.text(), part),
)
in_base64 = st.binary().map(lambda raw: base64.b64encode(raw).decode())


@given(st.text() | in_base64 | json_values.map(_packed))
def test_what_is_no_usersig_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UserSig"):
        UserSigs(APP, KEY).verify(text, NOW)


@pytest.mark.parametrize("name", ["TLS.identifier", "TLS.sdkappid", "TLS.time", "TLS.expire", "TLS.sig"])
@pytest.mark.parametrize("value", [None, True, [], 1.5])
def test_a_field_of_the_wrong_type_is_refused(sigs: UserSigs, name: str, value: object) -> None:
    fields = _unpacked(sigs.sign("eve", 600)[0]) | {name: value}
    with pytest.raises(ValueError, match="wrong type"):
        sigs.verify(_packed(fields), NOW)


def test_a_bomb_is_not_unpacked() -> None:
    bomb = base64.b64encode(zlib.compress(b" " * 2_000_000)).decode()
    with pytest.raises(ValueError, match="not a UserSig"):
        UserSigs(APP, KEY).verify(bomb, NOW)


def test_something_behind_a_usersig_is_refused(sigs: UserSigs) -> None:
    packed = base64.b64decode(sigs.sign("eve", 600)[0].translate(str.maketrans("*-_", "+/=")))
    with pytest.raises(ValueError, match="not a UserSig"):
        sigs.verify(base64.b64encode(packed + b"more").decode().translate(str.maketrans("+/=", "*-_")), NOW)


@pytest.mark.parametrize(
    ("now", "reason"), [(NOW - 61, "future"), (NOW - 60, None), (NOW + 599, None), (NOW + 600, "expired")]
)
def test_a_usersig_has_its_time(sigs: UserSigs, now: int, reason: str | None) -> None:
    user_sig, _ = sigs.sign("eve", 600)
    if reason is None:
        assert sigs.verify(user_sig, now)
        return
    with pytest.raises(ValueError, match=reason):
        sigs.verify(user_sig, now)


def test_a_usersig_of_another_key_or_app_is_refused(sigs: UserSigs) -> None:
    with pytest.raises(ValueError, match="signature is wrong"):
        sigs.verify(UserSigs(APP, KEY[::-1]).sign("eve", 600)[0], NOW)
    with pytest.raises(ValueError, match="another app"):
        sigs.verify(UserSigs(APP + 1, KEY).sign("eve", 600)[0], NOW)


class Times:
    """A clock that both we and the library look at."""

    def __init__(self) -> None:
        self.now = float(NOW)

    def time(self) -> float:
        return self.now


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> Times:
    times = Times()
    monkeypatch.setattr(TLSSigAPIv2, "time", times)
    return times


@pytest.fixture
def admin(times: Times) -> AdminSig:
    return AdminSig(UserSigs(APP, KEY, clock=times.time), "an admin")


def _signed_at(query: str) -> int:
    fields = _unpacked(parse_qs(query)["usersig"][0])
    assert (fields["TLS.identifier"], fields["TLS.expire"]) == ("an admin", ADMIN_TTL)
    return int(str(fields["TLS.time"]))


def test_the_admin_signs_once_and_again_when_a_quarter_of_the_time_is_left(times: Times, admin: AdminSig) -> None:
    first = admin.query()
    times.now = NOW + ADMIN_TTL * 3 / 4 - 1
    assert admin.query() == first
    times.now += 1
    assert _signed_at(admin.query()) == times.now


def test_the_admin_signs_anew_when_asked_to(times: Times, admin: AdminSig) -> None:
    admin.query()
    times.now += 5
    admin.renew()
    assert _signed_at(admin.query()) == times.now


def test_the_admin_signs_anew_when_the_clock_was_set_back(times: Times, admin: AdminSig) -> None:
    admin.query()
    times.now -= 3600
    assert _signed_at(admin.query()) == times.now


def test_the_query_is_what_the_vendor_asks_for(admin: AdminSig) -> None:
    fields = parse_qs(admin.query(), keep_blank_values=True)
    del fields["usersig"]
    assert fields == {
        "sdkappid": [str(APP)],
        "identifier": ["an admin"],
        "contenttype": ["json"],
        "random": [""],
    }
