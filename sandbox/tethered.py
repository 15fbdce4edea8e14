"""`python tethered.py MODULE ...`: as `python -m MODULE ...`, but only for as long as whoever started it lives.

The standard input has to be a pipe that its parent holds: it ends with the parent, however that dies, and a child that
outlived it would keep its port and its output.
"""

import os
import runpy
import sys
import threading


def _end_with_parent() -> None:
    while os.read(0, 1024):
        pass
    os._exit(0)


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # noqa: PTH109 - as -m does, instead of this file's folder
    del sys.argv[0]
    threading.Thread(target=_end_with_parent, daemon=True).start()
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
