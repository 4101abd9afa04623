"""A project over the public data: the sources of `examples/open-data.toml`, of each file an excerpt that stays linked.

Of a file of facts every n-th row is taken, and the rows that name what the comparison asks about. Of a vocabulary the
entries are taken that these rows name, with their ancestors. So all readers run, links resolve, and few texts need to
be encoded.
"""

from __future__ import annotations

import gzip
import json
import re
import shutil
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

ENCODING = "latin-1"  # every byte is a character, so that an excerpt has the bytes of its file
COMPLETE = ("ld/*", "variants/*", "phecode/pheinfo.tsv", "phewas/*", "omop*/*")  # small, or without texts to encode
OBO = "*.obo.gz"
# Vocabularies in tables: separator, and the columns whose values a row of another file may name.
VOCABULARIES: dict[str, tuple[str, tuple[int, ...]]] = {
    "genes/hgnc*": ("\t", (0, 1, 10)),
    "hetionet/*nodes*": ("\t", (0,)),
    "umls/MRCONSO*": ("|", (0, 13)),
}
BARE = ("MONDO:", "EFO:")  # prefixes that a table of cross-references leaves out
# What the questions of the comparison are about: words of rows, with genes that drugs of the disease target (by symbol
# and Ensembl id), and codes that the vocabularies must have.
SUBJECTS = (
    *("rs2476601", "PTPN22", "heumatoid arthritis", "ype 1 diabetes", "asthma", "HP:0001369", "HP:0001387"),
    *("CD40", "IL6R", "TYK2", "ENSG00000101017", "ENSG00000160712", "ENSG00000105397"),
)
CODES = (
    "MONDO:0004979",
    "MONDO:0005147",
    "MONDO:0005148",
    "MONDO:0007179",
    "MONDO:0008383",
    "HP:0001369",
    "HP:0001387",
)
# Sources that the example has as comments only.
MORE: dict[str, dict[str, Any]] = {
    "umls": {"reader": "umls", "files": ["umls/MRCONSO.RRF.gz", "umls/MRREL.RRF.gz"]},
    "synthea": {"reader": "omop", "files": ["omop_synthea_1k/*.csv.gz"], "cohort": "Synthea", "year_band": 10},
}
_TOKEN = re.compile(r"[\w:.-]+")
_URI_CODE = re.compile(r"^[A-Za-z]+_\d+$")


def write_project(folder: Path, example: Path, data: Path, rows: int, neo4j: str) -> list[str]:
    """Write `generel.toml` and the excerpts (`data/`) of at most about `rows` facts a file; the names of the sources.

    `rows` 0: the complete files of `data` are used in place. A source whose files are missing is left out. `neo4j` is
    the text of the `[neo4j]` table.
    """
    sources = tomllib.loads(example.read_text(encoding="utf-8"))["sources"] | MORE
    sources = {name: s for name, s in sources.items() if all(any(data.glob(f)) for f in s["files"])}
    folder.mkdir(parents=True, exist_ok=True)
    if rows:
        files = [path for s in sources.values() for pattern in s["files"] for path in sorted(data.glob(pattern))]
        _Excerpts(data, folder / "data", rows).write(files)
    lines = [f"data_dir = {json.dumps(str('data' if rows else data.resolve()))}", 'state_dir = ".generel"', ""]
    for name, source in sources.items():
        lines += [f"[sources.{name}]", *(f"{key} = {_toml(value)}" for key, value in source.items()), ""]
    (folder / "generel.toml").write_text("\n".join([*lines, neo4j]), encoding="utf-8")
    return list(sources)


@dataclass(slots=True)
class _Excerpts:
    """Writes the excerpts; `named` are the words of all facts that were taken."""

    data: Path
    target: Path
    rows: int
    named: set[str] = field(default_factory=lambda: set(CODES))

    def write(self, files: Sequence[Path]) -> None:
        """Facts first, since they decide what is taken of the vocabularies."""
        facts = [path for path in files if not self._fits(path, (OBO, *VOCABULARIES))]
        for path in facts:
            lines = _read(path)
            if not self._fits(path, COMPLETE):
                lines = self._facts(lines)
                self._put(path, lines)
            else:
                self._copy(path)
            if not self._fits(path, ("ld/*", "variants/*")):
                self.named |= _words(lines)
        for path in files:
            if self._fits(path, (OBO,)):
                self._put(path, self._terms(_read(path)))
            elif (vocabulary := self._vocabulary(path)) is not None:
                head, *rows = _read(path)
                self._put(path, [head, *(row for row in rows if self._is_named(row, *vocabulary))])

    def _facts(self, lines: list[str]) -> list[str]:
        """The header, every n-th row, and as many rows again that name a subject."""
        first = next((i for i, line in enumerate(lines) if not line.startswith("#")), 0) + 1
        head, rows = lines[:first], lines[first:]
        step = max(1, len(rows) // self.rows)
        taken = set(range(0, len(rows), step))
        about = [i for i, row in enumerate(rows) if any(subject in row for subject in SUBJECTS)]
        return [*head, *(rows[i] for i in sorted(taken | set(about[: self.rows])))]

    def _terms(self, lines: list[str]) -> list[str]:
        """The header, the terms that are named with their ancestors, and all stanzas that are no terms."""
        stanzas = "".join(lines).split("\n\n")
        ids = [found[1] if (found := re.search(r"^id: (\S+)", s, re.MULTILINE)) else "" for s in stanzas]
        stanza = dict(zip(ids, stanzas, strict=True))
        taken: set[str] = set()
        waiting = [
            id_ for id_ in ids if id_ in self.named or (id_.startswith(BARE) and id_.partition(":")[2] in self.named)
        ]
        while waiting:
            id_ = waiting.pop()
            if id_ not in taken and id_ in stanza:
                taken.add(id_)
                waiting += re.findall(r"^is_a: (\S+)", stanza[id_], re.MULTILINE)
        kept = [s for id_, s in zip(ids, stanzas, strict=True) if id_ in taken or not s.startswith("[Term]")]
        return ["\n\n".join(kept)]

    def _is_named(self, row: str, separator: str, columns: Iterable[int]) -> bool:
        cells = row.rstrip("\n").split(separator)
        ids = (cells[i].split()[-1:] for i in columns if i < len(cells))  # of "Side Effect::C0018681" the last word
        return any(not self.named.isdisjoint(_words(id_)) for id_ in ids)

    def _vocabulary(self, path: Path) -> tuple[str, tuple[int, ...]] | None:
        return next((v for pattern, v in VOCABULARIES.items() if self._fits(path, (pattern,))), None)

    def _fits(self, path: Path, patterns: Iterable[str]) -> bool:
        name = path.relative_to(self.data).as_posix()
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    def _copy(self, path: Path) -> None:
        target = self.target / path.relative_to(self.data)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)

    def _put(self, path: Path, lines: Iterable[str]) -> None:
        target = self.target / path.relative_to(self.data)
        target.parent.mkdir(parents=True, exist_ok=True)
        content = "".join(lines).encode(ENCODING)
        target.write_bytes(gzip.compress(content, 1, mtime=0) if path.suffix == ".gz" else content)


def _read(path: Path) -> list[str]:
    content = path.read_bytes()
    text = (gzip.decompress(content) if path.suffix == ".gz" else content).decode(ENCODING)
    return [
        line + "\n" for line in text.removesuffix("\n").split("\n")
    ]  # latin-1 has other line ends that are text here


def _words(lines: Iterable[str]) -> set[str]:
    """Ids, codes and symbols of a text: codes of URIs as CURIEs, Ensembl ids without a version."""
    words: set[str] = set()
    for line in lines:
        for token in _TOKEN.findall(line):
            code = token.replace("_", ":") if _URI_CODE.match(token) else token
            words |= {code, code.rsplit("::", 1)[-1]}
            if code.startswith("ENSG"):
                words.add(code.partition(".")[0])
    # a bare number names a term only if it is written with its leading zeros, as "0000408"
    return {word for word in words if not word.isdigit() or word.startswith("0")}


def _toml(value: Any) -> str:
    """A value of a source as TOML."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {_toml(v)}" for key, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
