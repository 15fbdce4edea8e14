"""The `relay` command in a process that was forked from one which has loaded it: half a second less than a new one."""

from __future__ import annotations

import multiprocessing
import os
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import relay.cli.check
import relay.cli.erase
import relay.cli.reconcile
import relay.cli.serve  # noqa: F401 - what the commands import when they are run
from relay.__main__ import main

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


def start(arguments: tuple[str, ...], env: dict[str, str], directory: Path, out: Path, err: Path) -> ForkServerProcess:
    """`relay` with these arguments, in this directory; what it prints goes into the files."""
    process = _FORKS.Process(target=_run, args=(arguments, env, str(directory), str(out), str(err)))
    process.start()
    return process


def _run(arguments: tuple[str, ...], env: dict[str, str], directory: str, out: str, err: str) -> None:
    for path, number in ((os.devnull, 0), (out, 1), (err, 2)):
        file = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(directory)
    sys.argv = ["relay", *arguments]
    main()
