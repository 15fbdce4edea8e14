"""System.Crypto, EncodingUtil and Blob."""

# mypy: disable-error-code="misc"
# methods of plain values: `self` is the value, not an object of the class

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from urllib.parse import quote_plus, unquote_plus

from sandbox.apex.exceptions import thrown
from sandbox.apex.library.base import Library
from sandbox.apex.values import Long

_DIGESTS = {"MD5": "md5", "SHA1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512", "SHA-384": "sha384"}
_MACS = {"HMACMD5": "md5", "HMACSHA1": "sha1", "HMACSHA256": "sha256", "HMACSHA512": "sha512"}


class Blob(Library):
    of = (bytes,)

    @staticmethod
    def value_of(value: str) -> bytes:
        return value.encode()

    def to_string(self: bytes) -> str:
        try:
            return self.decode()
        except UnicodeDecodeError:
            raise thrown("StringException", "BLOB is not a valid UTF-8 string") from None

    def size(self: bytes) -> int:
        return len(self)


class Crypto(Library):
    @staticmethod
    def generate_digest(algorithm: str, data: bytes) -> bytes:
        if algorithm.upper() not in _DIGESTS:
            raise thrown("InvalidParameterValueException", f"Unknown algorithm: {algorithm}")
        return hashlib.new(_DIGESTS[algorithm.upper()], data).digest()

    @staticmethod
    def generate_mac(algorithm: str, data: bytes, key: bytes) -> bytes:
        if algorithm.upper() not in _MACS:
            raise thrown("InvalidParameterValueException", f"Unknown algorithm: {algorithm}")
        return hmac.digest(key, data, _MACS[algorithm.upper()])

    @staticmethod
    def get_random_long() -> Long:
        return Long(secrets.randbits(64) - 2**63)

    @staticmethod
    def get_random_integer() -> int:
        return secrets.randbits(32) - 2**31


class EncodingUtil(Library):
    @staticmethod
    def base64_encode(data: bytes) -> str:
        return base64.b64encode(data).decode()

    @staticmethod
    def base64_decode(text: str) -> bytes:
        try:
            return base64.b64decode(text, validate=True)
        except binascii.Error:
            raise thrown("StringException", "Unrecognized base64 character") from None

    @staticmethod
    def convert_to_hex(data: bytes) -> str:
        return data.hex()

    @staticmethod
    def convert_from_hex(text: str) -> bytes:
        return bytes.fromhex(text)

    @staticmethod
    def url_encode(text: str, _charset: str) -> str:
        return quote_plus(text, safe="*-._")

    @staticmethod
    def url_decode(text: str, _charset: str) -> str:
        return unquote_plus(text)
