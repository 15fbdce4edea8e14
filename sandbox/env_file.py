"""The file that a sandbox's settings are in while it runs: nobody else's, and readable by the simplest of readers."""

import contextlib
import fcntl
import os
import re
from collections.abc import Iterator
from pathlib import Path

_PLAIN = re.compile(r"[\w@%+=:,./-]*")


class EnvFileTaken(Exception):
    """Another sandbox runs whose settings are in this file."""


def folder_of(env_file: Path) -> Path:
    """Where the certificate and whatever else belongs to it is kept."""
    return env_file.with_name(f"{env_file.name}.d")


@contextlib.contextmanager
def ours_alone(env_file: Path) -> Iterator[None]:
    """While it lasts; the system ends it for a process that is killed. Raises EnvFileTaken."""
    folder_of(env_file).mkdir(parents=True, exist_ok=True, mode=0o700)
    with os.fdopen(os.open(folder_of(env_file) / "lock", os.O_RDWR | os.O_CREAT, 0o600), "r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvFileTaken(f"{env_file} is another sandbox's, process {lock.read()}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def env_text(environment: dict[str, str]) -> str:
    """KEY=VALUE lines that a shell (`set -a; . FILE`) and Python's dotenv read alike."""
    return "".join(f"{name}={_quoted(value)}\n" for name, value in environment.items())


def _quoted(value: str) -> str:
    """Plain where it can be, for the simplest of readers; only a path has anything else in it."""
    if _PLAIN.fullmatch(value):
        return value
    if not set(value) & {"'", "\\"}:
        return f"'{value}'"
    return '"' + re.sub(r'([\\"$`])', r"\\\1", value) + '"'
