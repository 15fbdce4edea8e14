"""UserSigs: what Tencent Chat takes as proof of who somebody is (https://trtc.io/document/34385).

One secret key signs every identity, the admin's included: it is the root password of the app.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
import zlib
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from TLSSigAPIv2 import TLSSigAPIv2

ADMIN_TTL = 86_400
"""Seconds that the admin's own UserSig is good for; the vendor advises a day or more."""

_LONGEST = 4096  # characters or bytes of an honest UserSig, packed or not: it has some 200
_SKEW = 60  # seconds that another machine's clock may be ahead of ours
_TO_BASE64 = str.maketrans("*-_", "+/=")
_FIELDS = {"TLS.identifier": str, "TLS.sdkappid": int, "TLS.time": int, "TLS.expire": int, "TLS.sig": str}


class UserSigs:
    """Makes and checks the UserSigs of one app.

    clock: Unix seconds. Tencent's library has its own, time.time, for the moment written into a UserSig.
    """

    def __init__(self, sdk_app_id: int, secret_key: str, clock: Callable[[], float] = time.time) -> None:
        self.sdk_app_id = sdk_app_id
        self.clock = clock
        self._secret_key = secret_key.encode()
        self._library = TLSSigAPIv2(sdk_app_id, secret_key)

    def sign(self, user_id: str, ttl: int) -> tuple[str, int]:
        """(UserSig, Unix second of its end), good for ttl seconds.

        ValueError for an id that is empty or has control characters: a line break in it could forge another's UserSig.
        """
        if not user_id or not user_id.isprintable():
            raise ValueError("a UserSig is for an id of printable characters")
        expires_at = int(self.clock()) + ttl  # read before the library reads its own clock: never after the true end
        return str(self._library.gen_sig(user_id, ttl)), expires_at

    def verify(self, user_sig: str, now: float) -> dict[str, Any]:
        """The fields (TLS.identifier, ...) of a UserSig that is good at Unix second `now`; ValueError says why not."""
        fields = _unpack(user_sig)
        if not hmac.compare_digest(fields["TLS.sig"].encode(errors="replace"), self._signature(fields)):
            raise ValueError("the signature is wrong")
        if fields["TLS.sdkappid"] != self.sdk_app_id:
            raise ValueError("it is for another app")
        if fields["TLS.time"] > now + _SKEW:
            raise ValueError("it was made in the future")
        if now >= fields["TLS.time"] + fields["TLS.expire"]:
            raise ValueError("it has expired")
        return fields

    def _signature(self, fields: dict[str, Any]) -> bytes:
        signed = ("identifier", "sdkappid", "time", "expire")
        text = "".join(f"TLS.{name}:{fields['TLS.' + name]}\n" for name in signed)
        digest = hmac.digest(self._secret_key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return base64.b64encode(digest)


class AdminSig:
    """The admin's UserSig as it stands in a URL: made once, and made anew when a quarter of its time is left."""

    def __init__(self, sigs: UserSigs, admin_id: str) -> None:
        self.admin_id = admin_id
        self._sigs = sigs
        self._fresh_from = self._fresh_until = 0.0
        self._query = ""

    def query(self) -> str:
        """The URL's query but for the number at its end."""
        if not self._fresh_from <= self._sigs.clock() < self._fresh_until:
            self.renew()
        return self._query

    def renew(self) -> None:
        """Sign anew, whatever is left of the present one."""
        user_sig, expires_at = self._sigs.sign(self.admin_id, ADMIN_TTL)
        self._fresh_from, self._fresh_until = expires_at - ADMIN_TTL, expires_at - ADMIN_TTL / 4
        self._query = (
            f"sdkappid={self._sigs.sdk_app_id}&identifier={quote(self.admin_id, safe='')}"
            f"&usersig={quote(user_sig, safe='')}&contenttype=json&random="
        )


def _unpack(user_sig: str) -> dict[str, Any]:
    """The fields inside a UserSig, of the right types; ValueError for what is no UserSig."""
    try:
        fields = json.loads(_inflate(base64.b64decode(user_sig[:_LONGEST].translate(_TO_BASE64), validate=True)))
    except (ValueError, RecursionError, zlib.error):
        raise ValueError("it is not a UserSig, or was cut or changed on its way") from None
    if not isinstance(fields, dict) or fields.get("TLS.ver") != "2.0":
        raise ValueError("it is not a UserSig of version 2.0")
    if any(type(fields.get(name)) is not kind for name, kind in _FIELDS.items()):
        raise ValueError("a field of it is missing or of the wrong type")
    return fields


def _inflate(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    unpacked = inflater.decompress(packed, _LONGEST)
    if not inflater.eof or inflater.unused_data:
        raise ValueError("too long, cut short, or with something behind it")
    return unpacked
