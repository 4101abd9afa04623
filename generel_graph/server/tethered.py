"""Become another program that ends when its parent does (Linux: a kill -9 of the parent too).

Run as a file: `python tethered.py PARENT_PID SIGNAL_NUMBER PROGRAM ARGUMENTS…`; the pid stays the same.
A step of its own, since code between fork and exec is not safe in a process that has threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def command(end: signal.Signals, arguments: list[str]) -> list[str]:
    """The command line that runs `arguments` so that it gets the signal `end` when this process dies."""
    return [sys.executable, "-SE", str(Path(__file__)), str(os.getpid()), str(int(end)), *arguments]


def main(arguments: list[str]) -> None:
    """Ask the kernel for the signal, then become the program."""
    parent, number, program = int(arguments[1]), int(arguments[2]), arguments[3:]
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit(1)  # it died before the kernel was asked
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv)
