"""Training exposure is looked up in the files of pairs that training wrote."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from generel_graph.spaces.training_pairs import training_exposure


@pytest.fixture
def model_folder(tmp_path: Path) -> Path:
    """A model folder with the lists of its pairs."""
    trained = [("drug_disease", "C:2", "D:1"), ("gwas", "rs2", "D:1"), ("gene_trait", "G:1", "D:1")]
    held_out = [("drug_disease", "C:1", "D:1", 1.0), ("gwas", "rs2", "D:1b", 1.0), ("gene_trait", "G:3", "D:1", 0.5)]
    columns = ["task", "anchor", "positive"]
    pl.DataFrame(trained, schema=columns, orient="row").write_parquet(tmp_path / "trained_pairs.parquet")
    pl.DataFrame(held_out, schema=[*columns, "weight"], orient="row").write_parquet(tmp_path / "held_out.parquet")
    return tmp_path


def test_trained_and_held_out_pairs_are_distinguished(model_folder: Path) -> None:
    held_out = training_exposure(model_folder, ["C:1"], ["D:1"], [("C:1", "D:1")])
    assert (held_out.answer, held_out.tasks, held_out.edges) == ("held out", ("drug_disease",), ("held out",))
    trained = training_exposure(model_folder, ["C:2"], ["D:1"], [("C:2", "D:1")])
    assert (trained.answer, trained.tasks, trained.edges) == ("yes", ("drug_disease",), ("yes",))
    unseen = training_exposure(model_folder, ["C:3"], ["D:1"], [("C:3", "D:1")])
    assert (unseen.answer, unseen.tasks, unseen.edges) == ("no", (), ("no",))


def test_direction_of_a_pair_does_not_matter(model_folder: Path) -> None:
    assert training_exposure(model_folder, ["D:1"], ["C:2"], [("D:1", "C:2")]).edges == ("yes",)
    assert training_exposure(model_folder, ["D:1"], ["C:1"], []).answer == "held out"


def test_each_edge_has_the_answer_of_its_own_nodes(model_folder: Path) -> None:
    seen = training_exposure(
        model_folder, ["rs2"], ["D:1", "D:1b", "D:1c"], [("rs2", "D:1b"), ("rs2", "D:1"), ("rs2", "D:1c")]
    )
    assert (seen.answer, seen.edges) == ("yes", ("held out", "yes", "no")), "one member of the cluster was trained on"


def test_pairs_of_composed_tasks_need_no_edge(model_folder: Path) -> None:
    assert training_exposure(model_folder, ["G:1"], ["D:1"], []).tasks == ("gene_trait",)
    assert training_exposure(model_folder, ["G:3"], ["D:1"], []).answer == "held out"


def test_pairs_within_one_side_do_not_count(model_folder: Path) -> None:
    assert training_exposure(model_folder, ["C:2", "D:1"], ["G:9"], []).answer == "no"


def test_model_without_a_list_of_training_pairs_answers_unknown(model_folder: Path) -> None:
    (model_folder / "trained_pairs.parquet").unlink()
    seen = training_exposure(model_folder, ["C:1"], ["D:1"], [("C:1", "D:1")])
    assert (seen.answer, seen.tasks, seen.edges) == ("unknown", (), ("unknown",))
