"""Run a program that ends when its parent process ends, even if the parent is killed with SIGKILL (Linux).

Run as a file: `python tethered.py PARENT_PID SIGNAL_NUMBER PROGRAM ARGUMENTS…`; the pid stays the same.
This is a separate program because Python code between fork and exec is not safe in a process with threads.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def tethered_command(end_signal: signal.Signals, arguments: list[str]) -> list[str]:
    """The command line that runs `arguments`; the kernel sends it `end_signal` when this process ends."""
    return [sys.executable, "-SE", str(Path(__file__)), str(os.getpid()), str(int(end_signal)), *arguments]


def main(arguments: list[str]) -> None:
    """Ask the kernel for the signal, then execute the program."""
    parent, number, program = int(arguments[1]), int(arguments[2]), arguments[3:]
    library = ctypes.CDLL(None)
    if hasattr(library, "prctl"):
        library.prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        sys.exit(1)  # the parent ended before prctl
    os.execv(program[0], program)


if __name__ == "__main__":
    main(sys.argv)
