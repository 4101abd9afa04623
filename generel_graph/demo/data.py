"""Lay the quick-start data out in a folder, with a fifth of the locus–disease pairs taken away."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from generel_etl.config import FILE_NAME
from generel_etl.errors import DataError
from generel_graph.demo.loci import hide_pairs

ASSOCIATIONS = "associations.tsv"
AS_THEY_ARE = ("concepts.obo", "genes.tsv", "links.tsv", FILE_NAME)
HIDDEN = "hidden.tsv"  # not a source: what the figure is measured on
SHARE = 0.2
SEED = 0
SNP = "rs2476601"  # question (b) is about all of its diseases, so its locus is not hidden from


@dataclass(frozen=True, slots=True)
class DemoProject:
    """The demo's folder; reports as read, with their `locus`."""

    folder: Path
    shown: pl.DataFrame
    hidden: pl.DataFrame

    @property
    def config(self) -> Path:
        """The configuration to sync."""
        return self.folder / FILE_NAME


def quickstart() -> Path:
    """The folder of the quick-start files: in the package of a wheel, in the checkout of an editable install."""
    package = Path(__file__).resolve().parents[1]
    for place in (package / "quickstart", package.parent / "examples" / "quickstart"):
        if place.is_dir():
            return place
    raise DataError("the quick-start files are missing", where=package, next_step="install generel-graph again")


def prepare(folder: Path, share: float = SHARE, seed: int = SEED) -> DemoProject:
    """Write the demo's sources to `folder`; the hidden pairs go to a file that no source reads.

    Files are only written where they differ, so that a second demo finds everything up to date.
    """
    origin = quickstart()
    folder.mkdir(parents=True, exist_ok=True)
    for name in AS_THEY_ARE:
        _write(folder / name, (origin / name).read_text(encoding="utf-8"))
    reports = pl.read_csv(
        origin / ASSOCIATIONS, separator="\t", quote_char=None, schema_overrides={"chromosome": pl.String}
    )
    shown, hidden = hide_pairs(reports, share, seed, SNP)
    _write(folder / ASSOCIATIONS, shown.drop("locus").write_csv(separator="\t"))
    _write(folder / HIDDEN, hidden.write_csv(separator="\t"))
    return DemoProject(folder, shown, hidden)


def _write(path: Path, text: str) -> None:
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.write_text(text, encoding="utf-8")
