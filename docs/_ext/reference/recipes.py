"""The recipes, from the headers of their Cypher files."""

from __future__ import annotations

from pathlib import Path

from reference.markdown import plain, table

FOLDER = Path(__file__).resolve().parents[3] / "cypher" / "recipes"
FIELDS = ("$", "returns:", "nothing:")


def recipe_list() -> str:
    """All recipes with their questions."""
    rows = [(f"[`{path.stem}`](#{path.stem})", plain(_header(path)[0])) for path in sorted(FOLDER.glob("*.cypher"))]
    return table(("recipe", "question"), rows)


def recipe_head(name: str) -> str:
    """The question and the notes of one recipe, and its file."""
    question, notes = _header(FOLDER / f"{name}.cypher")
    return f"**{plain(question)}** {plain(notes)}\n\nThe statement is `cypher/recipes/{name}.cypher`.\n"


def _header(path: Path) -> tuple[str, str]:
    """Question and notes: the comment lines before the first parameter or field."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.removeprefix("//").strip()
        if not line.startswith("//") or text.startswith(FIELDS):
            break
        lines.append(text)
    return lines[0], " ".join(lines[1:])
