"""What a person may see of a call: no secret, and nothing endless."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import parse_qsl

MASK = "•••"
_LOGINS = {"authorization", "usersig", "client_secret", "assertion", "password", "sessionid", "sign", "signature"}
_TOKENS = {"access_token", "refresh_token", "id_token", "token", "securitytoken", "jwt", "secret"}
_SECRET_KEYS = _LOGINS | _TOKENS
_LONGEST_TEXT, _LONGEST_BODY = 600, 6_000
_XML_SECRET = re.compile(r"(<(?:\w+:)?(?:password|sessionId)>)[^<]*", re.IGNORECASE)
_MEANINGLESS = 8


class Masking:
    """secrets: values that must not be seen wherever they stand."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = sorted({each for each in secrets if len(each) >= _MEANINGLESS}, key=len, reverse=True)

    def body(self, content: bytes) -> object:
        """JSON as JSON, a form as an object, anything else as text."""
        text = content.decode("utf-8", "replace")
        try:
            return self.value(json.loads(text))
        except (ValueError, RecursionError):
            pass
        if "=" in text and not text.lstrip().startswith(("<", "-")):
            return self.value(dict(parse_qsl(text, keep_blank_values=True)))
        return self._text(_XML_SECRET.sub(rf"\g<1>{MASK}", text), _LONGEST_BODY)

    def value(self, value: object) -> object:
        if isinstance(value, dict):
            return {key: self._of_key(str(key), each) for key, each in value.items()}
        if isinstance(value, list):
            return [self.value(each) for each in value]
        return self._text(value, _LONGEST_TEXT) if isinstance(value, str) else value

    def _of_key(self, key: str, value: object) -> object:
        if key.lower() in _SECRET_KEYS and isinstance(value, str) and value:
            return MASK
        return self.value(value)

    def _text(self, text: str, longest: int) -> str:
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} characters)"
