"""What each plan of Tencent Chat allows: https://www.tencentcloud.com/document/product/1047/34381 (2026-05)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    members_per_group: int
    groups_per_user: int
    history_days: int
    groups: int | None = None
    accounts: int | None = None


PLANS = {
    "Trial": Plan(members_per_group=20, groups_per_user=50, history_days=7, groups=100, accounts=100),
    "Standard": Plan(members_per_group=500, groups_per_user=1000, history_days=7),
    "Pro": Plan(members_per_group=2000, groups_per_user=1000, history_days=30),
    "Pro Plus": Plan(members_per_group=5000, groups_per_user=3000, history_days=90),
    "Enterprise": Plan(members_per_group=6000, groups_per_user=5000, history_days=90),
}
