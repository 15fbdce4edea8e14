"""What the figures were measured on, in one paragraph."""

import os
import platform
import subprocess
from pathlib import Path


def describe(directory: Path) -> str:
    """Processor, system and versions, and where the relay's database lies."""
    return (
        f"{_processor()}, {os.cpu_count()} cores, {_memory_gb()} GB; Linux {platform.release()}; "
        f"Python {platform.python_version()}; {_node()}; the relay's SQLite file on {_file_system(directory)}"
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gb() -> int:
    return round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30)


def _node() -> str:
    try:
        version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return "no Node.js"
    return f"Node.js {version.strip().removeprefix('v')}"


def _file_system(directory: Path) -> str:
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    above = [(len(point), kind) for point, kind in mounts if directory.resolve().is_relative_to(point)]
    return max(above)[1]
