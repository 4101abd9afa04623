"""Search options become a checked query, or an error that lists the valid values."""

from __future__ import annotations

import pytest

from generel_etl.errors import UsageError
from generel_graph.ask.search.query_spec import HYBRID, LEXICAL, MEANING, GenomicRegion, SearchQuery


def test_single_text_is_a_list_of_one_and_minus_is_a_weight() -> None:
    question = SearchQuery.read("asthma", kind="gene", minus="eczema", source="gwas", not_linked_by="associated_with")
    assert (question.texts, question.weights) == (("asthma", "eczema"), (1.0, -1.0))
    assert (question.kinds, question.sources, question.not_linked) == (("Gene",), ("gwas",), ("ASSOCIATED_WITH",))
    assert SearchQuery.read(["a", "b"], weights=[1, 0.5], minus=["c"]).weights == (1, 0.5, -1.0)
    assert SearchQuery.read("a", not_linked=True).not_linked == ()
    assert SearchQuery.read("a").not_linked is None


def test_ranking_options_are_those_of_the_command_line() -> None:
    assert SearchQuery.read("a").ranking == MEANING
    assert SearchQuery.read("a", lexical=True).ranking == LEXICAL
    assert SearchQuery.read("a", hybrid=True, lexical=False).ranking == HYBRID


def test_region_is_a_chromosome_or_an_interval_in_one_build() -> None:
    assert GenomicRegion.read("chrX") == GenomicRegion("X")
    assert GenomicRegion.read("hg38:chr6:25,000,000-34,000,000") == GenomicRegion("6", "GRCh38", 25_000_000, 34_000_000)
    for text, message in {
        "6:25-34": "genome build",
        "GRCh38:99:1-2": "not a region",
        "GRCh38:6:5": "not a region",
        "GRCh38:6:9-5": "before the first",
        "nowhere": "not a region",
        "": "not a region",
    }.items():
        with pytest.raises(UsageError, match=message):
            GenomicRegion.read(text)


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("", {}, "no text to search"),
        ([], {}, "no text to search"),
        (["asthma", " "], {}, "no text to search"),
        ("asthma", {"k": 0}, "number of hits"),
        ("asthma", {"kind": "Gen"}, "did you mean 'Gene'"),
        ("asthma", {"weights": [1, 2]}, "one weight per text"),
        ("asthma", {"not_linked_by": "ASSOCIATED"}, "did you mean 'ASSOCIATED_WITH'"),
        ("asthma", {"lexical": True, "hybrid": True}, "exclude each other"),
        ("asthma", {"not_linked": ()}, "True or False"),
        ("asthma", {"by": "words"}, "unknown search option"),
        (["asthma", "eczema"], {"lexical": True}, "one text"),
        ("asthma", {"within": 2}, "needs --of"),
        ("asthma", {"of": "CTLA4"}, "needs --within"),
        ("asthma", {"kinds": "Gene"}, "did you mean 'kind'"),
        ("asthma", {"within": 4, "of": "CTLA4"}, "number of edges"),
    ],
)
def test_invalid_options_are_rejected(text, options, message) -> None:
    with pytest.raises(UsageError, match=message):
        SearchQuery.read(text, **options)
