"""Reading settings one by one: a text, a number, an address; what is wrong with each is gathered."""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.datastructures import Secret

from relay.env_file import OF_TLS, lend_to_tls, read_env_file

T = TypeVar("T")

_OURS = ("RELAY_", "SALESFORCE_", "TENCENT_")
_LONGEST_USER_ID = 32

EXAMPLES = frozenset(
    {
        "https://your-domain.my.salesforce.com",
        "your-consumer-key",
        "your-consumer-secret",
        "your-sdk-app-id",
        "your-secret-key",
        "your-app-jwt-secret",
        "your-callout-secret",
    }
)
"""The values of .env.example: whoever left one in place has not configured the relay."""


class Reader:
    """Reads one setting after the other and gathers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str] | None, env_file: Path | None) -> None:
        file = read_env_file(env_file)
        self._file, self.problems = file.values, file.problems
        others = lend_to_tls(self._file)  # before the environment is read: of these the file's hold
        self._values = {**self._file, **(os.environ if environ is None else environ)}
        self.doubts = [
            *file.warnings,
            *(f"{name} is taken from {env_file}: the environment has another" for name in others),
        ]

    def check_bundles(self) -> None:
        """Of the certificates to trust; otherwise each call to a vendor would fail, for a reason that names no file."""
        for name in OF_TLS:
            path = self._values.get(name, "")
            if not path or (name == "REQUESTS_CA_BUNDLE" and Path(path).is_dir()):
                continue
            try:
                ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
            except (OSError, ValueError):
                self.problems.append(f"{name} names a file that is not there, cannot be read, or holds no certificate")

    def no_settings(self, known: Sequence[str]) -> list[str]:
        """Names in the file that nobody reads, and in the environment, where others have theirs, those misspelt."""
        found = []
        for name in sorted(name for name in self._values if name.startswith(_OURS) and name not in known):
            meant = get_close_matches(name, known, n=1, cutoff=0.9)
            if meant or name in self._file:
                found.append(f"{name} is no setting" + "".join(f": did you mean {one}?" for one in meant))
        return found

    def text(self, name: str, default: str = "") -> str:
        value = self._values.get(name, "").strip() or default
        if value in EXAMPLES:
            self.problems.append(f"{name} still has its example value: put your own in its place")
        return value

    def required(self, name: str, what: str) -> str:
        value = self.text(name)
        if not value:
            self.problems.append(f"{name} is missing: {what}")
        return value

    def secret(self, name: str) -> Secret:
        return Secret(self.text(name))

    def listed(self, name: str) -> list[str]:
        values = [value.strip() for value in self.text(name).split(",") if value.strip()]
        if len(values) > 1 and EXAMPLES.intersection(values):
            self.problems.append(f"{name} still has an example value: put your own in its place")
        return values

    def line(self, name: str, default: str) -> str:
        """A text, or "" where it is off."""
        value = self.text(name, default)
        if len(value.encode(errors="replace")) > 1000:
            self.problems.append(f"{name} must have at most 1000 bytes")
        return "" if value == "off" else value

    def line_with_name(self, name: str, default: str) -> str:
        text = self.line(name, default)
        if re.search(r"[{}]", text.replace("{name}", "")):
            self.problems.append(f"{name} knows {{name}}, who comes or goes, and nothing else in braces")
        return text

    def matching(self, name: str, pattern: str, what: str) -> list[str]:
        values = self.listed(name)
        if not all(re.fullmatch(pattern, value) for value in values):
            self.problems.append(f"{name} must be {what}, separated by commas")
        return values

    def user_id(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if len(value.encode(errors="replace")) > _LONGEST_USER_ID:
            self.problems.append(f"{name} must have at most {_LONGEST_USER_ID} bytes, as all user ids at Tencent")
        return value

    def number(self, name: str, default: T, cast: Callable[[str], T], least: float, most: float) -> T:
        text = self.text(name)
        if not text:
            return default
        try:
            value = cast(text)
        except ValueError:
            self.problems.append(f"{name} must be a number from {least:.0f} to {most:.0f}")
            return default
        if not least <= value <= most:  # type: ignore[operator]
            self.problems.append(f"{name} must be from {least:.0f} to {most:.0f}")
            return default
        return value

    def choice(self, name: str, default: str, choices: list[str]) -> str:
        value = self.text(name, default)
        if value not in choices:
            self.problems.append(f"{name} must be one of: {', '.join(choices)}")
        return value

    def origin(self, name: str, value: str) -> str:
        """An https address with nothing behind it; http is for nobody, both vendors refuse it."""
        if value and not is_origin(value.rstrip("/"), "https"):
            self.problems.append(
                f"{name} must be an address like https://host or https://host:port, with nothing behind it"
            )
        return value.rstrip("/")

    def file(self, name: str) -> str:
        path = self.text(name)
        if path and not os.access(path, os.R_OK):
            self.problems.append(f"{name} names a file that is not there or cannot be read")
        return path


def is_origin(text: str, *schemes: str) -> bool:
    """Whether it is an address with nothing behind it."""
    return is_address(text, *schemes) and text.count("/") == 2 and "?" not in text


def is_address(text: str, *schemes: str) -> bool:
    """Whether it is one that can be asked: with a host, a port that there can be, no login and no fragment."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    is_plain = parts.username is None and not parts.fragment and re.fullmatch(r"[\x21-\x7e]+", text) is not None
    return parts.scheme in schemes and bool(parts.hostname) and port != 0 and is_plain
