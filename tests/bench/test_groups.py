"""Tencent's stand-in knows who is in which group, and when all are as they should be."""

from bench.groups import Groups


def test_groups_are_right_when_the_last_one_is() -> None:
    groups = Groups()
    groups.create("a", "A", ["ann", "old"])
    groups.create("b", "B", ["bob", "new"])
    groups.expect({"a": ["ann", "new"], "b": ["bob", "new"]})
    assert groups.waiting()["left"] == 1, "b is right already"
    groups.add("a", ["new"])
    assert groups.waiting()["left"] == 1, "the old agent is still in"
    groups.remove("a", ["old"])
    assert groups.waiting()["left"] == 0
    assert groups.waiting()["at"] > 0


def test_a_group_that_is_there_is_not_made_twice_and_one_that_is_gone_is_not_found() -> None:
    groups = Groups()
    assert groups.create("a", "A", ["ann"])
    assert not groups.create("a", "A", ["ann"])
    assert groups.info("a")["MemberNum"] == 1
    groups.dismiss("a")
    assert groups.info("a")["ErrorCode"] == 10010
