"""`relay serve` that is killed at one step of its work: python -m tests.scenarios.dying before|after STEP."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from relay.crm import CaseArchive
from relay.im import TencentIm
from relay.store import Ledger

ARCHIVING: dict[str, type] = {
    "read_messages": TencentIm,
    "plan_archives": Ledger,
    "save_file": CaseArchive,
    "post_once": CaseArchive,
    "finish_archive": Ledger,
    "destroy_group": TencentIm,
    "end_life": Ledger,
    "mark_gone": Ledger,
    "settle_room": Ledger,
    "finish_command": Ledger,
}
"""From what was said in a group whose Case was closed to its end, in order."""
TALKING: dict[str, type] = {
    "finish_ticket": Ledger,
    "send_message": TencentIm,
    "finish_saying": Ledger,
}
"""From a ticket to the first words in its group."""


def die_at(when: str, step: str) -> None:
    """Have this process killed, with -9, the first time that it comes there."""
    owner = {**ARCHIVING, **TALKING}[step]
    done = getattr(owner, step)

    async def dies(*given: Any, **named: Any) -> Any:
        if when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = await done(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(owner, step, dies)


if __name__ == "__main__":
    die_at(*sys.argv[1:])
    sys.argv = ["relay", "serve"]
    from relay.__main__ import main

    main()
