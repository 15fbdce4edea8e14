"""Sessions: who is logged in with which token, for how long it lives unused, and how often one may log in."""

from __future__ import annotations

import secrets
from collections import defaultdict, deque
from dataclasses import dataclass

from sandbox.salesforce.org import Org

_HOUR = 3600.0


@dataclass
class Session:
    token: str
    user_id: str
    app: str
    opened: float
    used: float
    family: str = ""


class TooManyLogins(Exception):
    """More logins of one user in an hour than the org allows."""


class Sessions:
    """Time here is the true one: an org whose clock is wrong does not end its sessions for that."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._by_token: dict[str, Session] = {}
        self._logins: defaultdict[str, deque[float]] = defaultdict(deque)

    def open(self, user_id: str, app: str, family: str = "") -> Session:
        self._count(user_id)
        if self._org.switches.sharedSessions and not family:
            for session in self._by_token.values():
                if (session.user_id, session.app) == (user_id, app) and self._lives(session):
                    return session
        now = self._org.clock.wall()
        token = f"{self._org.org_id[:15]}!AQ{secrets.token_urlsafe(72)}"
        session = self._by_token[token] = Session(token, user_id, app, now, now, family)
        return session

    def find(self, token: str) -> Session | None:
        session = self._by_token.get(token)
        if session is None or not self._lives(session):
            return None
        return session

    def use(self, token: str) -> Session | None:
        """The session, whose idle time starts anew."""
        session = self.find(token)
        if session is not None:
            session.used = self._org.clock.wall()
        return session

    def close(self, token: str) -> None:
        self._by_token.pop(token, None)

    def close_family(self, family: str) -> None:
        for session in [each for each in self._by_token.values() if each.family == family]:
            self.close(session.token)

    def close_user(self, user_id: str) -> None:
        for session in [each for each in self._by_token.values() if each.user_id == user_id]:
            self.close(session.token)

    def expire(self) -> int:
        count = len(self._by_token)
        self._by_token.clear()
        return count

    def idle_left(self, session: Session) -> float:
        return session.used + self._org.switches.sessionIdleSeconds - self._org.clock.wall()

    def forget_logins(self) -> None:
        self._logins.clear()

    def _lives(self, session: Session) -> bool:
        return self.idle_left(session) > 0

    def _count(self, user_id: str) -> None:
        limit, now, logins = self._org.switches.loginRateLimit, self._org.clock.wall(), self._logins[user_id]
        while logins and logins[0] <= now - _HOUR:
            logins.popleft()
        if limit and len(logins) >= limit:
            raise TooManyLogins
        logins.append(now)
