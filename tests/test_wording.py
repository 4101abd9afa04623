"""Text that users and developers read avoids the phrases that the project retired for plain terms."""

from __future__ import annotations

import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
RETIRED = ("made elsewhere", "what cannot be", "is told", "are told", "stands", "goes by", "anew", "(again)")
PATTERNS = [r"\s+".join(re.escape(word) for word in phrase.split()) for phrase in RETIRED]
PHRASE = re.compile(rf"(?<!\w)(?:{'|'.join(PATTERNS)})(?!\w)", re.IGNORECASE)
PROSE = {".md", ".toml", ".cypher", ".yml", ".env", ".grass"}


def tracked_files() -> list[Path]:
    """The project's files; those of an unpacked archive where there is no git."""
    command = ["git", "ls-files", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    names = listed.stdout.splitlines() or [p.relative_to(ROOT).as_posix() for p in ROOT.rglob("*")]
    return [ROOT / name for name in names if Path(name).suffix in {*PROSE, ".py"} and (ROOT / name).is_file()]


def texts(path: Path) -> list[tuple[int, str]]:
    """Line and text of what a person reads in a file: all of a prose file, strings and comments of a module."""
    if path.suffix in PROSE:
        return [(1, path.read_text(encoding="utf-8"))]
    with path.open("rb") as file:
        return [
            (token.start[0], token.string)
            for token in tokenize.tokenize(file.readline)
            if token.type in (tokenize.STRING, tokenize.COMMENT)
        ]


def test_no_text_uses_a_retired_phrase() -> None:
    uses = [
        f"{path.relative_to(ROOT)}:{line + text[: match.start()].count(chr(10))}: {match[0]}"
        for path in tracked_files()
        if path != Path(__file__).resolve()
        for line, text in texts(path)
        for match in PHRASE.finditer(text)
    ]
    assert not uses, "\n".join(uses)


@pytest.mark.parametrize("text", ["It goes by name.", "a model made\nelsewhere", "Add a text (again)"])
def test_the_search_sees_a_retired_phrase(text: str) -> None:
    assert PHRASE.search(text)


def test_the_search_ignores_longer_words() -> None:
    assert not PHRASE.search("The server understands this.")
