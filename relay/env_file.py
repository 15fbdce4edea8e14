"""The file of settings for what the environment does not have."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_OF_TLS = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")


def read_env_file(path: Path | None) -> tuple[dict[str, str], list[str]]:
    """The values by their names, and what is wrong with the file, if there is one. Bad lines may hold a secret."""
    if path is None or not path.exists():
        return {}, []
    try:
        lines = path.read_text("utf-8").splitlines()
    except OSError as error:
        return {}, [f"{path} cannot be read as a file of settings: {error.strerror}"]
    except UnicodeDecodeError:
        return {}, [f"{path} cannot be read as a file of settings: it is no text in UTF-8"]
    values: dict[str, str] = {}
    problems = []
    for number, line in enumerate(map(str.strip, lines), 1):
        if found := _LINE.fullmatch(line):
            values[found[1]] = _unquoted(found[2])
        elif line and not line.startswith("#"):
            problems.append(f"{path}, line {number}: write NAME=value, or # before a comment")
    return values, problems


def lend_to_tls(values: Mapping[str, str]) -> list[str]:
    """What the TLS libraries look for in the environment themselves; the names that have another value there."""
    given = [name for name in _OF_TLS if name in values]
    return [name for name in given if os.environ.setdefault(name, values[name]) != values[name]]


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'" else value
