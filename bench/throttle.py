"""Gives processes a share of the time only, as if on slower processors: stops them and lets them go on, in turn.

Until it is ended.
"""

import argparse
import contextlib
import os
import signal
import sys
import time

PERIOD = 0.02


def throttle(share: float, pids: list[int]) -> None:
    """For ever; whoever ends this finds them running."""
    try:
        while True:
            _tell(pids, signal.SIGSTOP)
            time.sleep(PERIOD * (1 - share))
            _tell(pids, signal.SIGCONT)
            time.sleep(PERIOD * share)
    finally:
        _tell(pids, signal.SIGCONT)


def _tell(pids: list[int], what: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, what)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parser = argparse.ArgumentParser(prog="python -m bench.throttle", description=__doc__)
    parser.add_argument("share", type=float, help="of the time, from 0 to 1")
    parser.add_argument("pids", type=int, nargs="+", metavar="PID")
    named = parser.parse_args()
    print("throttling", flush=True)
    throttle(named.share, named.pids)
