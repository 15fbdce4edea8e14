"""The processes a benchmark starts: each on its processor, with what it has used, and ended by its id."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
SERVER_CPU, OTHERS_CPU = 0, 1


def pin(pid: int, cpu: int) -> None:
    """Keep a process to one processor, where there are at least two."""
    allowed = sorted(os.sched_getaffinity(0) if pid == 0 else os.sched_getaffinity(pid))
    usable = range(os.cpu_count() or 1)
    if len(usable) > 1 and len(allowed) >= 1:
        os.sched_setaffinity(pid, {cpu})


class Process:
    """A child process of the benchmark, which never outlives it."""

    def __init__(self, command: Sequence[str | Path], environment: Mapping[str, str], cpu: int, log: Path) -> None:
        self.log = log
        self._log_file = log.open("wb")
        self._popen = subprocess.Popen(
            [str(part) for part in command],
            env=dict(environment),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=self._log_file,
        )
        pin(self._popen.pid, cpu)

    def first_line(self) -> str:
        """What the process says first, when it is ready."""
        assert self._popen.stdout is not None
        line = self._popen.stdout.readline().decode().strip()
        if not line:
            raise RuntimeError(f"{self._popen.args!r} ended at once: {self.complaint()}")
        return line

    def complaint(self) -> str:
        """The last lines of what it wrote on standard error."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-12:])

    def end(self) -> None:
        """Ask it to stop; if it does not within five seconds, make it."""
        self._popen.terminate()
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()
        if self._popen.stdout is not None:
            self._popen.stdout.close()
        self._log_file.close()


def python_module(*arguments: str) -> list[str]:
    """The command that runs one of our modules with this very interpreter."""
    return [sys.executable, "-m", *arguments]
