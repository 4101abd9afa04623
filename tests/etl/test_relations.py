"""Relationship types, and the mapping of other projects' relations to them with the correct direction."""

import polars as pl
import pytest

from generel_etl.errors import DataError
from generel_etl.relations import (
    BASE_RELATIONS,
    METAEDGES,
    NEGATIVE,
    PREDICATES,
    PRIMEKG,
    RELAS,
    RELATIONS,
    from_predicate,
    from_rela,
    negative_of,
    with_suggestion,
)
from generel_etl.schema import KINDS


def test_every_mapping_has_a_valid_type():
    types = {directed.type for directed in (*METAEDGES.values(), *PREDICATES.values())}
    types |= {type_ for type_, _ in PRIMEKG.values()} | {type_ for _, _, type_ in RELAS}
    assert types <= set(RELATIONS)


def test_types_are_unique_and_have_valid_kinds():
    assert len({relation.type for relation in BASE_RELATIONS}) == len(BASE_RELATIONS)
    for relation in RELATIONS.values():
        assert set(relation.start_kinds) | set(relation.end_kinds) <= set(KINDS)


def test_symmetric_types_are_never_swapped():
    for directed in (*METAEDGES.values(), *PREDICATES.values()):
        assert not (directed.swap and RELATIONS[directed.type].symmetric)


def test_hetionet_has_24_metaedges():
    assert len(METAEDGES) == 24
    assert METAEDGES["AeG"] == ("EXPRESSED_IN", True)


@pytest.mark.parametrize(
    ("predicate", "type_", "swap"),
    [
        ("biolink:treats", "TREATS", False),
        ("TREATS", "TREATS", False),
        ("biolink:subclass_of", "IS_A", False),
        ("superclass of", "IS_A", True),
        ("has phenotype", "HAS_PHENOTYPE", False),
        ("biolink:located_in", "LOCATED_AT", False),
        ("LOCATED_IN", "LOCATED_IN", False),
        ("biolink:contraindicated_in", "CONTRAINDICATED_FOR", False),
    ],
)
def test_predicates_map_to_types(predicate, type_, swap):
    assert from_predicate(predicate) == (type_, swap)


@pytest.mark.parametrize(
    ("rela", "type_", "swap", "name"),
    [
        ("may_treat", "TREATS", False, "may_treat"),
        ("may_be_treated_by", "TREATS", True, "may_treat"),
        ("inverse_isa", "IS_A", True, "isa"),
        ("due_to", "CAUSES", True, "cause_of"),
        ("associated_with", "RELATED_TO", False, "associated_with"),
        ("located_in", "LOCATED_AT", False, "located_at"),  # Biolink's
    ],
)
def test_rela_and_its_inverse_have_one_name(rela, type_, swap, name):
    assert from_rela(rela) == ((type_, swap), name)


@pytest.mark.parametrize("rela", ["regulates", "interacts_with", "mapped_to", ""])
def test_rela_is_never_read_as_the_name_of_a_type(rela):
    assert from_rela(rela) is None


def test_negated_predicate_has_a_negative_type():
    assert from_predicate("biolink:has_phenotype", negated=True).type == "NOT_HAS_PHENOTYPE"
    assert RELATIONS["NOT_HAS_PHENOTYPE"].negative
    assert {"NOT_TREATS", "CONTRAINDICATED_FOR"} <= NEGATIVE
    with pytest.raises(DataError):
        negative_of("SAME_AS")


def test_unknown_predicate_suggests_the_nearest():
    with pytest.raises(DataError, match="did you mean 'treats'"):
        from_predicate("biolink:traets")


def test_primekg_relation_states_the_type_of_its_start():
    assert PRIMEKG["drug_protein", "enzyme"] == ("HAS_ENZYME", "drug")
    assert {type_ for (relation, _), (type_, _) in PRIMEKG.items() if relation == "disease_disease"} == {
        "PARENT_OR_CHILD_OF"
    }
    assert all((start == "") == RELATIONS[type_].symmetric for type_, start in PRIMEKG.values())


def test_suggestion_is_added_to_the_reason_of_a_reject():
    frame = pl.DataFrame({"found": ["GiH", "????", None]})
    reasons = frame.select(with_suggestion("unknown", pl.col("found"), ["GiG"])).to_series().to_list()
    assert reasons == ["unknown; did you mean 'GiG'?", "unknown", "unknown"]
