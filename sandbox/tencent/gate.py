"""Who may call: the URL parameters and the UserSig, checked in the order of their error codes.

https://cloud.tencent.com/document/product/269/1519 and .../1671. The order of the checks on the live service is not
documented, nor is the number of bad signatures that locks an identifier.
"""

from collections import deque
from collections.abc import Callable
from urllib.parse import parse_qsl

from sandbox.tencent.chat import Chat
from sandbox.tencent.errors import Refusal
from sandbox.tencent.usersig import IllegalUserSig, UserSig, read_user_sig

LOCK_SECONDS = 60


class Gate:
    """Lets the app's administrators in, and nobody else."""

    def __init__(self, chat: Chat, secret_key: str, clock: Callable[[], float]) -> None:
        self._chat = chat
        self._secret_key = secret_key
        self._clock = clock
        self._bad: dict[str, deque[float]] = {}
        self._locked_until: dict[str, float] = {}

    def reset(self) -> None:
        self._bad.clear()
        self._locked_until.clear()

    def admit(self, query_string: bytes) -> str:
        """The administrator who calls."""
        query = dict(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))
        self._check_parameters(query)
        identifier = query["identifier"]
        self.check_user_sig(identifier, query.get("usersig", ""))
        if identifier != self._chat.admin_id:
            raise Refusal(60010)
        return identifier

    def check_user_sig(self, identifier: str, text: str) -> None:
        """Refuse a UserSig that does not prove this identifier."""
        now = self._clock()
        if not text:
            raise Refusal(70002)
        if now < self._locked_until.get(identifier, 0):
            raise Refusal(70050)
        try:
            user_sig = self._verified(identifier, text)
        except Refusal:
            self._count_bad(identifier, now)
            raise
        if not user_sig.is_valid_at(now):
            raise Refusal(70001)
        if user_sig.time < self._chat.kicked.get(identifier, 0):
            raise Refusal(70052)

    def _check_parameters(self, query: dict[str, str]) -> None:
        if not query.get("sdkappid"):
            raise Refusal(60012)
        for name, is_right in _PARAMETERS.items():
            if not is_right(query.get(name, "")):
                raise Refusal(60025, f"a URL parameter is invalid: {name}")
        if int(query["sdkappid"]) != self._chat.sdk_app_id:
            raise Refusal(70020)

    def _verified(self, identifier: str, text: str) -> UserSig:
        try:
            user_sig = read_user_sig(text)
        except IllegalUserSig:
            raise Refusal(70003) from None
        if user_sig.sdk_app_id != self._chat.sdk_app_id:
            raise Refusal(70014)
        if user_sig.identifier != identifier:
            raise Refusal(70013)
        if not user_sig.is_signed_with(self._secret_key):
            raise Refusal(70009)
        return user_sig

    def _count_bad(self, identifier: str, now: float) -> None:
        bad = self._bad.setdefault(identifier, deque())
        bad.append(now)
        while bad[0] <= now - 60:
            bad.popleft()
        if len(bad) >= self._chat.switches.bad_signatures_per_minute:
            self._locked_until[identifier] = now + LOCK_SECONDS
            bad.clear()


def _is_uint32(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32


_PARAMETERS: dict[str, Callable[[str], bool]] = {
    "sdkappid": _is_uint32,
    "identifier": bool,
    "random": _is_uint32,
    "contenttype": lambda text: text == "json",
}
