from __future__ import annotations

from relay.im.recent import RecentAccounts


def test_the_account_used_longest_ago_is_forgotten_first() -> None:
    recent = RecentAccounts(capacity=2)
    recent.add("alice", None)
    recent.add("bob", None)
    assert recent.has("alice", None)
    recent.add("carol", None)
    assert [recent.has(name, None) for name in ("alice", "bob", "carol")] == [True, False, True]


def test_a_forgotten_account_gives_back_its_nick() -> None:
    recent = RecentAccounts()
    recent.add("alice", "Alice")
    assert recent.forget("alice") == "Alice"
    assert not recent.has("alice", None)
    assert recent.forget("alice") is None
