"""A full disk: what is acknowledged is there, the rest is refused, and with new space it goes on."""

from __future__ import annotations

import resource
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay.errors import StoreUnavailable
from relay.store import Ledger, open_ledger
from tests.store.conftest import accept, missing, start_python

pytestmark = pytest.mark.anyio


@pytest.fixture
def url(path: Path) -> str:
    """Files only."""
    return f"sqlite:///{path}"


_BYTES = 1_000_000


async def fill(ledger: Ledger) -> list[str]:
    """Write until it is refused; what was acknowledged."""
    acknowledged: list[str] = []
    with pytest.raises(StoreUnavailable) as refused:
        for number in range(1000):
            await accept(ledger, f"t{number}", desc="x" * 10_000)
            acknowledged.append(f"t{number}")
    assert (refused.value.status, refused.value.retryable) == (503, True)
    return acknowledged


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte, where one may be mounted."""
    place = tmp_path / "small"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={_BYTES}", "tmpfs", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


async def test_a_full_disk_is_refused_without_a_lie_and_works_again_when_there_is_space(small_disk: Path) -> None:
    (ballast := small_disk / "ballast").write_bytes(b"x" * (_BYTES // 2))
    ledger = await open_ledger(f"sqlite:///{small_disk / 'relay.db'}")
    try:
        acknowledged = await fill(ledger)
        assert await missing(ledger, acknowledged) == []
        assert await ledger.find_ticket(f"t{len(acknowledged)}") is None

        ballast.unlink()
        await accept(ledger, "afterwards")
        assert await missing(ledger, [*acknowledged, "afterwards"]) == []
    finally:
        await ledger.close()


async def test_a_full_disk_at_the_start_is_named(small_disk: Path) -> None:
    (small_disk / "ballast").write_bytes(b"x" * (_BYTES // 4096 * 4096))

    with pytest.raises(StoreUnavailable, match=r"relay\.db.* cannot be opened"):
        await open_ledger(f"sqlite:///{small_disk / 'relay.db'}")


async def test_a_file_that_may_not_grow_any_more_is_refused_without_a_lie(path: Path) -> None:
    process = await start_python("-m", "tests.store.test_full_disk", str(path))

    output, _ = await process.communicate()

    assert process.returncode == 0
    assert int(output) > 10


async def _in_limits(path: str) -> int:
    """In a process of its own, for the limit holds for all of it: how many were acknowledged before it was met."""
    ledger = await open_ledger(f"sqlite:///{path}")
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (_BYTES, most))
    acknowledged = await fill(ledger)
    assert await missing(ledger, acknowledged) == []
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    await accept(ledger, "afterwards")
    assert await missing(ledger, [*acknowledged, "afterwards"]) == []
    await ledger.close()
    return len(acknowledged)


if __name__ == "__main__":
    import asyncio
    import sys

    sys.stdout.write(str(asyncio.run(_in_limits(sys.argv[1]))))
