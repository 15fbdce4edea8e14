"""`python -m sandbox`: see command_line.py, which takes a moment to load; here Ctrl-C is heard already."""

import sys

_INTERRUPTED = 130
"""What shells answer for a command that Ctrl-C has ended."""

if __name__ == "__main__":
    try:
        from sandbox.command_line import main

        code = main()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    sys.exit(code)
