"""What Tencent Chat remembers about one app: accounts, groups, members, messages."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from sandbox.tencent.callbacks import Callbacks
from sandbox.tencent.errors import Refusal
from sandbox.tencent.identifiers import is_group_id
from sandbox.tencent.plans import PLANS, Plan
from sandbox.tencent.rates import Rates
from sandbox.tencent.switches import Switches

Fields = dict[str, object]
Watcher = Callable[[frozenset[str], Fields], None]


@dataclass(slots=True)
class Account:
    user_id: str
    nick: str = ""
    face_url: str = ""
    groups: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Member:
    account: str
    role: str
    join_time: int
    join_seq: int = 1
    last_send_time: int = 0


@dataclass(slots=True)
class Message:
    seq: int
    sender: str
    time: int
    random: int
    body: list[Fields]
    priority: str = "Normal"
    custom_data: str = ""
    recalled: bool = False


@dataclass(slots=True)
class Group:
    id: str
    type: str
    name: str
    owner: str
    create_time: int
    max_members: int
    apply_join_option: str = "NeedPermission"
    details: Fields = field(default_factory=dict)
    app_defined: dict[str, str] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)
    sent: dict[tuple[str, int], Message] = field(default_factory=dict)
    last_info_time: int = 0
    last_msg_time: int = 0
    next_seq: int = 1


class Chat:
    """One app's state, and the steps that change more than one part of it."""

    def __init__(
        self, *, sdk_app_id: int, admin_id: str, switches: Switches, callbacks: Callbacks, clock: Callable[[], float]
    ) -> None:
        self.sdk_app_id = sdk_app_id
        self.admin_id = admin_id
        self.switches = switches
        self.callbacks = callbacks
        self.clock = clock
        self.rates = Rates(clock)
        self.watchers: list[Watcher] = []
        self.online: Counter[str] = Counter()
        self.reset()

    def reset(self) -> None:
        self.plan_name = "Standard"
        self.accounts: dict[str, Account] = {self.admin_id: Account(self.admin_id)}
        self.deleted_accounts: dict[str, float] = {}
        self.kicked: dict[str, int] = {}
        self.groups: dict[str, Group] = {}
        self.dismissed: dict[str, float] = {}
        self.notifications: list[Fields] = []

    @property
    def plan(self) -> Plan:
        return PLANS[self.plan_name]

    @property
    def now(self) -> int:
        return int(self.clock())

    def group(self, group_id: object) -> Group:
        """The group that a request means, or the refusal it gets."""
        if not isinstance(group_id, str) or not is_group_id(group_id):
            raise Refusal(10015)
        if group_id not in self.groups:
            raise Refusal(10010)
        return self.groups[group_id]

    def refusal_to_enter(self, group: Group, user_id: str) -> int:
        """Why this account cannot become a member; 0 if it can."""
        if user_id not in self.accounts:
            return 10019
        if len(group.members) >= group.max_members:
            return 10014
        if len(self.accounts[user_id].groups) >= self.plan.groups_per_user:
            return 10037
        return 0

    def enter(self, group: Group, user_id: str, role: str = "Member", join_time: int = 0) -> None:
        group.members[user_id] = Member(user_id, role, join_time or self.now, group.next_seq)
        self.accounts[user_id].groups.add(group.id)

    def leave(self, group: Group, user_id: str) -> None:
        del group.members[user_id]
        self.accounts[user_id].groups.discard(group.id)
        if group.owner == user_id:
            group.owner = ""

    def tell(self, users: Iterable[str], event: Fields) -> None:
        """What the SDKs of these users hear at once."""
        for watcher in self.watchers:
            watcher(frozenset(users), event)

    def people(self, users: Iterable[str]) -> list[Fields]:
        """Accounts as the SDKs show them."""
        return [{"userId": user, "name": self.accounts[user].nick if user in self.accounts else ""} for user in users]

    def dismiss(self, group: Group) -> None:
        for user_id in group.members:
            self.accounts[user_id].groups.discard(group.id)
        del self.groups[group.id]
        self.dismissed[group.id] = self.clock()
