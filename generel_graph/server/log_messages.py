"""Neo4j's logs in words: its last errors, and what to do about those that are known."""

from __future__ import annotations

import re
from collections import deque
from pathlib import Path

KNOWN = (
    (r"Address already in use|PortBindException", "another program took the port meanwhile"),
    (r"OutOfDiskSpace|No space left on device", "the disk is full: make room"),
    (r"Lock file has been locked by another process", "another Neo4j has this store open"),
    (r"don't support downgrading|highest supported Kernel Version", "a newer Neo4j wrote this store"),
    (
        r"OutOfMemoryError|Java heap space|GC triggered before VM init|Too small (?:maximum|initial) heap",
        'the heap is too small: set neo4j.heap (GENEREL_NEO4J_HEAP), as "2g"',
    ),
    (
        r"insufficient memory|Cannot allocate memory",
        "the machine has too little memory for neo4j.heap and page_cache",
    ),
    (
        r"Invalid memory configuration|exceeds the (?:available|physical) memory",
        "heap and page cache are too large",
    ),
    (
        r"UnsupportedClassVersionError|compiled by a more recent version",
        "this Java is too old for this Neo4j",
    ),
    (
        r"NoClassDefFoundError|ClassNotFoundException|ZipException|zip END header",
        "a jar of the cache is damaged",
    ),
    (r"Permission denied|AccessDenied", "a file cannot be written: see who owns the state folder"),
    (r"Unrecognized setting", "this version does not know a setting"),
    (r"AuthenticationRateLimit|authentication failure", "a client used a wrong password"),
)
ENTRY = re.compile(r"^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d\S*\s+(?P<level>[A-Z]+)\s+(?P<text>.*)$")
CAUSE = re.compile(r"^Caused by: (?:[\w.$]+\.)?(?P<text>\w+(?:: .*)?)$")
NOT_BEGUN = "Error occurred during initialization of VM"
CONSOLE = ("console.log", "neo4j.log", "debug.log")


def explain(text: str) -> str:
    """What an error text means and what to do, if it is known; else ""."""
    return next((words for pattern, words in KNOWN if re.search(pattern, text)), "")


def last_errors(folder: Path, lines: int = 20) -> list[str]:
    """The last errors and warnings of Neo4j's logs, oldest first, with what they mean where that is known.

    Of the debug log, which is long, only what is known: a JVM that dies early may leave its reason there alone. Where
    nothing else is told, it is what a JVM that could not begin has said.
    """
    found: deque[str] = deque(maxlen=lines)
    for name in ("debug.log", "neo4j.log", "console.log"):
        for line in _tail(folder / name):
            entry = ENTRY.match(line)
            cause = CAUSE.match(line)
            if entry:
                told = entry["level"] in ("ERROR", "WARN") and (name != "debug.log" or bool(explain(line)))
            else:
                told = bool(explain(line)) or (cause is not None and name != "debug.log")
            if told:
                found.append(_with_words(f"  caused by {cause['text']}" if cause else line))
    return list(dict.fromkeys(found)) or _last_word(_tail(folder / "console.log"))


def _last_word(console: list[str]) -> list[str]:
    """What a JVM that could not begin has said, which is the console's last."""
    if not any(line.startswith(NOT_BEGUN) for line in console):
        return []
    return [line for line in console if line.strip()][-1:]


def why_it_died(folder: Path) -> str:
    """The best reason that the logs of a failed start give, in one line."""
    texts = [line for name in CONSOLE for line in _tail(folder / name)]
    for line in reversed(texts):
        words = explain(line)
        if words:
            cause = CAUSE.match(line)
            return f"{words} ({(cause['text'] if cause else line.strip())[:300]})"
    errors = [e for e in map(ENTRY.match, texts) if e and e["level"] == "ERROR"]
    if errors:
        return errors[-1]["text"][:400]
    console = [line.strip() for line in _tail(folder / "console.log") if line.strip()]
    return console[-1][:400] if console else "it left no word in its logs"


def _with_words(line: str) -> str:
    words = explain(line)
    return f"{line.rstrip()}  [{words}]" if words else line.rstrip()


def _tail(path: Path, size: int = 200_000) -> list[str]:
    """The last lines of a text file, as far as `size` bytes reach; none if it is absent."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(file.tell() - size, 0))
            return file.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
