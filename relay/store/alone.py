"""Whether another relay serves the same SQLite file.

The mark is a lock on a file of its own beside it: whoever closes a descriptor of the database file itself drops those
that SQLite has on it. The system takes it from a process that is killed.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def alone_on(path: Path) -> Iterator[bool]:
    """Whether nobody else is in such a block for this file; also said where that cannot be known."""
    place = path.resolve()
    try:
        descriptor = os.open(place.with_name(f"{place.name}-serve"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        yield True
        return
    try:
        yield _locked(descriptor)
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without such locks
        return True
    return True
