"""What is shown of a ledger's address."""

from __future__ import annotations

import pytest

from relay.store import without_password


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("sqlite:///relay.db", "sqlite:///relay.db"),
        ("postgresql://db/relay", "postgresql://db/relay"),
        ("postgresql://relay@db:5432/relay", "postgresql://relay@db:5432/relay"),
        ("postgresql://relay:s3cret@db:5432/relay", "postgresql://relay:***@db:5432/relay"),
        ("postgres://relay:s3/c@r:et@db/relay", "postgres://relay:***@db/relay"),
        ("postgresql:///relay?user=a&password=s3cret&host=/run", "postgresql:///relay?user=a&password=***&host=/run"),
    ],
)
def test_a_password_is_not_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown
