"""The file of settings for what the environment does not have."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_QUOTES = ("'", '"')
OF_TLS = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""What the TLS libraries look for in the environment themselves."""


@dataclass
class EnvFile:
    """The values by their names, what is wrong with the file, and what may not be meant. Lines may hold a secret."""

    values: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def read_env_file(path: Path | None) -> EnvFile:
    """What is in it, if there is one."""
    if path is None or not path.exists():
        return EnvFile()
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except OSError as error:
        return EnvFile(problems=[f"{path} cannot be read as a file of settings: {error.strerror}"])
    except UnicodeDecodeError:
        return EnvFile(problems=[f"{path} cannot be read as a file of settings: it is no text in UTF-8"])
    file = EnvFile()
    for number, line in enumerate(map(str.strip, lines), 1):
        where = f"{path}, line {number}"
        if found := _LINE.fullmatch(line):
            name, value = found[1], found[2]
            file.warnings += [f"{where}: {doubt}" for doubt in _doubts(name, value, file.values)]
            file.values[name] = _unquoted(value)
        elif line and not line.startswith("#"):
            file.problems.append(f"{where}: write NAME=value, or # before a comment")
    return file


def _doubts(name: str, value: str, before: Mapping[str, str]) -> Iterator[str]:
    """What other readers of such files take otherwise, or nobody writes on purpose."""
    if name in before:
        yield f"{name} was set further up already, and this is taken"
    if value != _unquoted(value):
        return
    if re.search(r"\s#", value):
        yield f"what is behind # belongs to {name}: a comment needs a line of its own (or put the value into quotes)"
    elif value[:1] in _QUOTES:
        yield f"{name} begins with a quote and does not end with it: the quote belongs to the value"


def lend_to_tls(values: Mapping[str, str]) -> list[str]:
    """Put OF_TLS where they are looked for; the names that had another value there.

    Of these the file's holds: a shell often has one that is meant for every program of the machine.
    """
    given = [name for name in OF_TLS if name in values]
    others = [name for name in given if os.environ.get(name, values[name]) != values[name]]
    os.environ.update({name: values[name] for name in given})
    return others


def _unquoted(value: str) -> str:
    return value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in _QUOTES else value
