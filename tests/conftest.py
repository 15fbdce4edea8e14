"""What every test may use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import postgres


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The address of a PostgreSQL in which databases can be made."""
    with postgres.server() as url:
        yield url


@pytest.fixture(scope="session")
def postgresql_database(postgresql_server: str) -> Iterator[str]:
    """The address of a database for these tests alone."""
    with postgres.database(postgresql_server) as url:
        yield url


@pytest.fixture
def postgresql(postgresql_database: str) -> str:
    """The same without a row in it; the tables may be there."""
    postgres.empty(postgresql_database)
    return postgresql_database
