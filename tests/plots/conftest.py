"""Small tables as `Session.map` and `Session.locus` return them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture
def nodes() -> pd.DataFrame:
    random = np.random.default_rng(0)
    kinds = np.repeat(["SNP", "Disease", "Gene"], [60, 30, 10])
    return pd.DataFrame(
        {
            "id": [f"n{i}" for i in range(100)],
            "kind": kinds,
            "name": [f"<b>name & {i}</b>" if i % 7 == 0 else f"name {i}" for i in range(100)],
            "source": np.where(kinds == "SNP", "gwas", ""),
            "chromosome": np.where(kinds == "SNP", np.resize(["2", "10", "X"], 100), ""),
            "x": random.normal(size=100),
            "y": random.normal(size=100),
        }
    )


@pytest.fixture
def snps() -> pd.DataFrame:
    frame = pd.DataFrame(
        {
            "id": ["rs1", "rs2", "rs3"],
            "position": [1_000, 2_000, 3_000],
            "neg_log10_p": [3.0, 40.0, np.nan],
            "trait": ["gout", "gout", None],
            "study": None,
            "pubmed_id": None,
            "reports": [1, 2, 0],
            "r2": [0.4, 1.0, np.nan],
            "posterior": np.nan,
            "cosine": [0.1, 0.5, -0.2],
        }
    )
    frame.attrs.update(
        snp="rs2", disease="gout", disease_id="MONDO:1", kinds_below=2, build="GRCh38", chromosome="1", first=1,
        last=4_000, position=2_000, genes=[{"id": "HGNC:1", "name": "ABC", "first": 900, "last": 2_100, "snps": 2}],
        other_builds=4, ld=True, model="m", note="not fine-mapping",
    )  # fmt: skip
    return frame
