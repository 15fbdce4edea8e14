"""The processes a benchmark starts: each on its processor, with what it has used, and ended by its id."""

import contextlib
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TICKS = os.sysconf("SC_CLK_TCK")
CPUS = sorted(os.sched_getaffinity(0))
SERVER_CPU, OTHERS_CPU = ({CPUS[0]}, {CPUS[1]}) if len(CPUS) > 1 else (set(CPUS), set(CPUS))


class Process:
    """A child process of the benchmark, which never outlives it."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        cpus: set[int],
        directory: Path,
        log: Path,
    ) -> None:
        self.name = " ".join(command)
        self.log = log
        with log.open("wb") as output, _pinned(cpus):
            self._popen = subprocess.Popen(
                command,
                env=dict(environment),
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def says(self, pattern: str, patience: float = 10) -> tuple[str, ...]:
        """Wait until it has written this; the groups of the match."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline and self.running():
            if found := re.search(pattern, self.log.read_text(errors="replace")):
                return found.groups()
            time.sleep(0.01)
        raise SystemExit(self.complaint())

    def running(self) -> bool:
        """Whether it has not ended by itself."""
        return self._popen.poll() is None

    def complaint(self) -> str:
        """What it wrote last, for a message to the user."""
        last = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
        return f"`{self.name}` did not do as expected; it wrote last:\n{last}"

    @property
    def pid(self) -> int:
        return self._popen.pid

    def cpu_seconds(self) -> float:
        """Processor time it and its children have used so far."""
        return cpu_seconds(self.pid)

    def memory_mb(self) -> tuple[float, float]:
        """Resident memory of it and its children: now, and at most."""
        members = family(self.pid)
        now, peak = (sum(memory_kb(pid, field) for pid in members) for field in ("VmRSS", "VmHWM"))
        return now / 1024, peak / 1024

    def pin(self, cpus: set[int]) -> None:
        """From now on it runs on these processors."""
        os.sched_setaffinity(self.pid, cpus)

    def end(self) -> None:
        """Ask it to stop; if it does not within five seconds, make it."""
        self._popen.terminate()
        try:
            self._popen.wait(5)
        except subprocess.TimeoutExpired:
            self._popen.kill()
            self._popen.wait()


def run_program(module: str, *arguments: str, settings: Mapping[str, str] | None = None) -> str:
    """Run one of the project's programs to its end; what it printed."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"`{' '.join(command)}` failed:\n{done.stderr[-2000:]}")
    return done.stdout


@contextlib.contextmanager
def _pinned(cpus: set[int]) -> Iterator[None]:
    """Children started inside begin their life on these processors."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def busy_seconds(cpus: set[int]) -> float:
    """How long these processors have worked since the machine started, for whomever, or were lent to other machines."""
    total = 0
    for line in Path("/proc/stat").read_text().splitlines():
        name, *ticks = line.split()
        if name in {f"cpu{cpu}" for cpu in cpus}:
            user, nice, system, steal = (int(ticks[column]) for column in (0, 1, 2, 7))
            total += user + nice + system + steal
    return total / TICKS


def family(pid: int) -> list[int]:
    """The process and all that come from it."""
    members = [pid]
    for member in members:  # grows while it is walked
        with contextlib.suppress(OSError):  # it has ended meanwhile
            children = Path(f"/proc/{member}/task/{member}/children")
            members += [int(child) for child in children.read_text().split()]
    return members


def cpu_seconds(pid: int) -> float:
    """Processor time the process and all that come from it have used so far."""
    return sum(own_cpu_seconds(member) for member in family(pid))


def own_cpu_seconds(pid: int) -> float:
    """Processor time of this one alone, and of its children that ended; none if it has ended itself."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS  # utime, stime, cutime, cstime


def memory_kb(pid: int, field: str) -> int:
    """A figure of /proc/PID/status: VmRSS is its memory now, VmHWM the most it ever had."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return 0
