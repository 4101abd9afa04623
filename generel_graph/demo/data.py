"""Write the quick-start data to a folder, without a fifth of the locus–disease pairs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from generel_etl.config import FILE_NAME
from generel_etl.errors import DataError
from generel_graph.demo.loci import hide_pairs

ASSOCIATIONS = "associations.tsv"
UNCHANGED_FILES = ("concepts.obo", "genes.tsv", "links.tsv", FILE_NAME)
HIDDEN = "hidden.tsv"  # the hidden pairs; no source reads this file
SHARE = 0.2  # of the pairs that are hidden or held out
SEED = 0
SNP = "rs2476601"  # question (b) lists all of its diseases, so no pair of its locus is hidden


@dataclass(frozen=True, slots=True)
class DemoProject:
    """The demo's folder; the shown and hidden reports of `associations.tsv` with a column `locus`."""

    folder: Path
    shown: pl.DataFrame
    hidden: pl.DataFrame

    @property
    def config(self) -> Path:
        """The path of the demo's `generel.toml`."""
        return self.folder / FILE_NAME


def quickstart() -> Path:
    """The folder of the quick-start files: in the package of a wheel, in the checkout of an editable install."""
    package = Path(__file__).resolve().parents[1]
    for folder in (package / "quickstart", package.parent / "examples" / "quickstart"):
        if folder.is_dir():
            return folder
    raise DataError("the quick-start files are missing", where=package, next_step="install generel-graph again")


def prepare(folder: Path, share: float = SHARE, seed: int = SEED) -> DemoProject:
    """Write the demo's sources to `folder`, and the hidden pairs to a file that no source reads.

    A file is written only if its content changes, so a second demo has nothing to load.
    """
    origin = quickstart()
    folder.mkdir(parents=True, exist_ok=True)
    for name in UNCHANGED_FILES:
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
