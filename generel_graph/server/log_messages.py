"""Read the last errors from Neo4j's logs, with explanations of known errors."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path

PORT_TAKEN = "another program is using the port"
KNOWN_ERRORS = (  # pattern, explanation
    (r"Address already in use|PortBindException", PORT_TAKEN),
    (r"OutOfDiskSpace|No space left on device", "the disk is full: free some space"),
    (r"Lock file has been locked by another process", "another Neo4j has this store open"),
    (r"don't support downgrading|highest supported Kernel Version", "a newer Neo4j wrote this store"),
    (
        r"OutOfMemoryError|Java heap space|GC triggered before VM init|Too small (?:maximum|initial) heap",
        'the heap is too small: set neo4j.heap (GENEREL_NEO4J_HEAP), for example to "2g"',
    ),
    (
        r"insufficient memory|Cannot allocate memory",
        "the machine has too little memory for neo4j.heap and neo4j.page_cache",
    ),
    (
        r"Invalid memory configuration|exceeds the (?:available|physical) memory",
        "heap and page cache are too large for the machine",
    ),
    (
        r"UnsupportedClassVersionError|compiled by a more recent version",
        "this Java is too old for this Neo4j",
    ),
    (
        r"NoClassDefFoundError|ClassNotFoundException|ZipException|zip END header",
        "a jar in the cache is damaged",
    ),
    (r"Permission denied|AccessDenied", "a file cannot be written: check the owner of the state folder"),
    (r"Unrecognized setting", "this Neo4j version does not support a setting"),
    (r"AuthenticationRateLimit|authentication failure", "a client used a wrong password"),
)
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*\s+(?P<level>[A-Z]+)\s+(?P<text>.*)$")
CAUSE = re.compile(r"^Caused by: (?:[\w.$]+\.)?(?P<text>\w+(?:: .*)?)$")
JVM_FAILED = "Error occurred during initialization of VM"
LOGS = ("console.log", "neo4j.log", "debug.log")


def explain_error(text: str) -> str:
    """The explanation of a known error, else ""."""
    return next((explanation for pattern, explanation in KNOWN_ERRORS if re.search(pattern, text)), "")


def last_errors(folder: Path, lines: int = 20) -> list[str]:
    """The last errors and warnings of Neo4j's logs, oldest first, with explanations of known errors.

    The long debug log contributes only known errors: a JVM that ends early may have written its reason only there.
    Without any error, the result is the last message of a JVM that could not start.
    """
    errors: deque[str] = deque(maxlen=lines)
    for name in ("debug.log", "neo4j.log", "console.log"):
        for line in _tail(folder / name):
            entry = ENTRY.match(line)
            cause = CAUSE.match(line)
            if entry:
                is_error = entry["level"] in ("ERROR", "WARN") and (name != "debug.log" or bool(explain_error(line)))
            else:
                is_error = bool(explain_error(line)) or (cause is not None and name != "debug.log")
            if is_error:
                errors.append(_with_explanation(f"  caused by {cause['text']}" if cause else line))
    return list(dict.fromkeys(errors)) or _startup_message(_tail(folder / "console.log"))


def _startup_message(console: list[str]) -> list[str]:
    """The message of a JVM that could not start, which is the last line of the console; else none."""
    if not any(line.startswith(JVM_FAILED) for line in console):
        return []
    return [line for line in console if line.strip()][-1:]


def startup_failure(folder: Path) -> str:
    """The most likely reason of a failed start in the logs, on one line."""
    texts = [line for name in LOGS for line in _tail(folder / name)]
    for line in reversed(texts):
        explanation = explain_error(line)
        if explanation:
            cause = CAUSE.match(line)
            return f"{explanation} ({(cause['text'] if cause else line.strip())[:300]})"
    errors = [entry for entry in map(ENTRY.match, texts) if entry and entry["level"] == "ERROR"]
    if errors:
        return errors[-1]["text"][:400]
    console = [line.strip() for line in _tail(folder / "console.log") if line.strip()]
    return console[-1][:400] if console else "the logs contain no reason"


def _with_explanation(line: str) -> str:
    explanation = explain_error(line)
    return f"{line.rstrip()}  [{explanation}]" if explanation else line.rstrip()


def _tail(path: Path, size: int = 200_000) -> list[str]:
    """The lines in the last `size` bytes of a text file; none if it is missing."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - size, 0))
            return file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
