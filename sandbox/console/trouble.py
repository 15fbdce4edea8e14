"""The buttons that break things: each can be pressed again to mend it."""

from __future__ import annotations

from sandbox.console.callout_line import CalloutLine
from sandbox.faults import FOREVER, Fault
from sandbox.relay_process import RelayProcess
from sandbox.tencent.socket import ChatSocket
from sandbox.up import Sandbox

_SLOW_MS = 3_000
TITLES = {
    "tencentAway": "Tencent is away",
    "tencentSlow": "Tencent is slow",
    "salesforceAway": "Salesforce is away",
    "salesforceSlow": "Salesforce is slow",
    "calloutsLost": "Apex callouts are lost",
    "callbacksShuffled": "Callbacks come doubled and out of order",
    "callbacksLost": "Every second callback is lost",
    "chatCut": "Chat connections are cut",
    "relayKilled": "The relay is killed",
}

OVER = {
    "tencentAway": "Tencent is back",
    "tencentSlow": "Tencent is as fast as before",
    "salesforceAway": "Salesforce is back",
    "salesforceSlow": "Salesforce is as fast as before",
    "calloutsLost": "Apex callouts arrive again",
    "callbacksShuffled": "Callbacks come once and in order again",
    "callbacksLost": "Every callback arrives again",
    "chatCut": "Chat connections can be made again",
    "relayKilled": "The relay is started again",
}


class Trouble:
    """relay: the relay that may be killed, if it is ours. callouts: the line that Apex uses, if the org has Apex."""

    def __init__(
        self, sandbox: Sandbox, chat: ChatSocket, relay: RelayProcess | None, callouts: CalloutLine | None
    ) -> None:
        self._sandbox = sandbox
        self._chat = chat
        self._relay = relay
        self._callouts = callouts
        self._faults = {
            "tencentAway": (sandbox.tencent_control, Fault("*", FOREVER, status=502)),
            "tencentSlow": (sandbox.tencent_control, Fault("*", FOREVER, delayMs=_SLOW_MS)),
            "salesforceAway": (sandbox.salesforce_control, Fault("*", FOREVER, status=503)),
            "salesforceSlow": (sandbox.salesforce_control, Fault("*", FOREVER, delayMs=_SLOW_MS)),
        }

    def state(self) -> dict[str, bool]:
        """Which are on; what cannot be done here is left out."""
        switches = self._sandbox.tencent.switches
        on = {name: control.faults.has(fault) for name, (control, fault) in self._faults.items()}
        on |= {
            "callbacksShuffled": switches.callbacks_reorder,
            "callbacksLost": switches.callbacks_drop_every > 0,
            "chatCut": self._chat.away,
        }
        on |= {"calloutsLost": self._callouts.is_lost} if self._callouts else {}
        return on | ({"relayKilled": not self._relay.is_running} if self._relay else {})

    async def turn(self, name: str, *, on: bool) -> None:
        """ValueError if there is no such trouble here."""
        if name not in self.state():
            raise ValueError(f"{name}: there is no such trouble; there are {', '.join(self.state())}")
        if name in self._faults:
            control, fault = self._faults[name]
            control.faults.remove(fault)
            if on:
                control.faults.add([fault])
        elif name == "relayKilled":
            await self._turn_relay(on=on)
        else:
            await self._turn_line(name, on=on)

    async def mend(self) -> None:
        """Everything as it should be."""
        for name, on in self.state().items():
            if on:
                await self.turn(name, on=False)

    async def _turn_relay(self, *, on: bool) -> None:
        assert self._relay is not None
        if on:
            await self._relay.kill()
        else:
            await self._relay.start()

    async def _turn_line(self, name: str, *, on: bool) -> None:
        if name == "calloutsLost" and self._callouts is not None:
            self._callouts.is_lost = on
        elif name == "callbacksShuffled":
            self._sandbox.tencent.switches.set({"callbacks_reorder": on, "callbacks_duplicate": on})
        elif name == "callbacksLost":
            self._sandbox.tencent.switches.set({"callbacks_drop_every": 2 if on else 0})
        elif name == "chatCut":
            self._chat.away = on
            if on:
                await self._chat.cut()
