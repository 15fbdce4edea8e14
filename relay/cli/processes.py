"""Several processes that do the same work: one that dies is replaced, and all end when the first one is told to."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable

_log = logging.getLogger(__name__)

_PAUSE = 1.0
"""Seconds before one that died is replaced, so that one that cannot live does not keep the machine busy."""
_ENDS = (signal.SIGINT, signal.SIGTERM)


def run_several(count: int, work: Callable[[], int]) -> int:
    """Do the work in so many processes until SIGINT or SIGTERM; 0 if all ended well then.

    Call it before there are threads: the processes are forks.
    """
    return _Several(work).run(count)


class _Several:
    def __init__(self, work: Callable[[], int]) -> None:
        self._work = work
        self._processes: set[int] = set()
        self._is_ending = False
        self._alive, self._life = os.pipe()
        """Whoever reads from the first learns that nobody can write to the second any more: we are dead."""

    def run(self, count: int) -> int:
        for number in _ENDS:
            signal.signal(number, self._end)
        for _ in range(count):
            self._start()
        code = 0
        while self._processes:
            process, status = os.wait()
            self._processes.discard(process)
            if self._is_ending:
                code = code or int(status not in (0, signal.SIGTERM))  # told to end before it had begun
            else:
                _log.error("process %d ended with %d: another takes its place", process, status)
                time.sleep(_PAUSE)
                self._start()
        return code

    def _start(self) -> None:
        """A signal that comes meanwhile reaches the new one, too."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
        try:
            if self._is_ending:
                return
            if process := os.fork():
                self._processes.add(process)
            else:
                self._be_one_of_them()
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)

    def _be_one_of_them(self) -> None:
        code = 1
        try:
            for number in _ENDS:
                signal.signal(number, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
            os.close(self._life)
            threading.Thread(target=self._outlive_nobody, daemon=True).start()
            code = self._work()
        except Exception:
            _log.exception("a process failed")
        finally:
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()
            os._exit(code)

    def _outlive_nobody(self) -> None:
        os.read(self._alive, 1)
        os.kill(os.getpid(), signal.SIGTERM)

    def _end(self, *_: object) -> None:
        self._is_ending = True
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGTERM)
