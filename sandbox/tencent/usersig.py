"""UserSig, Tencent's signed login (TLSSigAPIv2): made and taken apart.

https://www.tencentcloud.com/document/product/1047/34385
"""

import base64
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

_SIZE_CAP = 16_384
_INTO_URL = str.maketrans("+/=", "*-_")
_OUT_OF_URL = str.maketrans("*-_", "+/=")


class IllegalUserSig(ValueError):
    """The text is not a UserSig at all."""


@dataclass(frozen=True, slots=True)
class UserSig:
    """The fields inside a UserSig."""

    identifier: str
    sdk_app_id: int
    time: int
    expire: int
    signature: str

    def is_signed_with(self, secret_key: str) -> bool:
        expected = _signature(secret_key, self.identifier, self.sdk_app_id, self.time, self.expire)
        return hmac.compare_digest(self.signature.encode(), expected.encode())

    def is_valid_at(self, now: float) -> bool:
        return now < self.time + self.expire


def make_user_sig(sdk_app_id: int, secret_key: str, identifier: str, *, time: int, expire: int) -> str:
    fields = {
        "TLS.ver": "2.0",
        "TLS.identifier": identifier,
        "TLS.sdkappid": sdk_app_id,
        "TLS.expire": expire,
        "TLS.time": time,
        "TLS.sig": _signature(secret_key, identifier, sdk_app_id, time, expire),
    }
    packed = zlib.compress(json.dumps(fields).encode())
    return base64.b64encode(packed).decode().translate(_INTO_URL)


def read_user_sig(text: str) -> UserSig:
    """Undo the packing, without checking the signature."""
    try:
        packed = base64.b64decode(text.translate(_OUT_OF_URL), validate=True)
        inflater = zlib.decompressobj()
        fields = json.loads(inflater.decompress(packed, _SIZE_CAP))
        if not inflater.eof:
            raise ValueError("truncated or too large")
        return UserSig(
            identifier=_typed(fields["TLS.identifier"], str),
            sdk_app_id=_typed(fields["TLS.sdkappid"], int),
            time=_typed(fields["TLS.time"], int),
            expire=_typed(fields["TLS.expire"], int),
            signature=_typed(fields["TLS.sig"], str),
        )
    except (ValueError, KeyError, TypeError, zlib.error) as error:
        raise IllegalUserSig(str(error)) from error


def _signature(secret_key: str, identifier: str, sdk_app_id: int, time: int, expire: int) -> str:
    text = f"TLS.identifier:{identifier}\nTLS.sdkappid:{sdk_app_id}\nTLS.time:{time}\nTLS.expire:{expire}\n"
    return base64.b64encode(hmac.new(secret_key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _typed(value: object, kind: type[T]) -> T:
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not of {kind.__name__}")
    return value
