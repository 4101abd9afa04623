"""The configuration from file and environment, and the errors for invalid keys and values."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from generel_etl.errors import ConfigError
from generel_graph.config import Config, TrainConfig, load_config
from generel_graph.config.template import write_template

SOURCE = '[sources.a]\nreader = "table"\nfiles = ["a.tsv"]\ntype = "TREATS"\n'


def read(folder: Path, text: str, **environment: str) -> Config:
    path = folder / "generel.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environment)


def test_template_is_a_valid_configuration(tmp_path: Path) -> None:
    config = load_config(write_template(tmp_path), {})
    assert [s.name for s in config.sources] == ["mondo", "genes", "gwas"]
    assert config.state == tmp_path.resolve() / ".generel"
    with pytest.raises(ConfigError.__mro__[1], match="already"):
        write_template(tmp_path)


def test_other_keys_of_a_source_are_options_of_its_reader(tmp_path: Path) -> None:
    (source,) = read(tmp_path, SOURCE).sources
    assert (source.reader, source.files, dict(source.options)) == ("table", ("a.tsv",), {"type": "TREATS"})


def test_environment_overrides_the_file(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "[train]\nsteps = 5\n",
        GENEREL_TRAIN_STEPS="7",
        GENEREL_TRAIN_PUBLISHED_BEFORE="2013-01-01",
        GENEREL_NEO4J_BROWSER="false",
        GENEREL_DATA_DIR=str(tmp_path / "elsewhere"),
        NEO4J_URI="bolt://example.org:7687",
    )
    assert config.train.steps == 7
    assert config.train.published_before == date(2013, 1, 1)
    assert config.neo4j.browser is False
    assert config.data == tmp_path / "elsewhere"
    assert config.neo4j.uri == "bolt://example.org:7687"


@pytest.mark.parametrize(
    ("text", "found", "nearest"),
    [
        ("[train]\nstep = 5\n", "step", "steps"),
        ("[nao4j]\n", "nao4j", "neo4j"),
        ("datadir = 'x'\n", "datadir", "data_dir"),
        ("[tasks.gwas]\nwieght = 2\n", "wieght", "weight"),
    ],
)
def test_unknown_key_is_rejected_with_the_nearest_valid_one(
    tmp_path: Path, text: str, found: str, nearest: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, text)
    assert caught.value.found == found
    assert caught.value.nearest == nearest
    assert "generel.toml" in caught.value.message
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("mode", "'frosen'", "did you mean 'frozen'"),
        ("loss", "'infonce'", "did you mean 'info_nce'"),
        ("split", "'locos'", "did you mean 'locus'"),
        ("number_format", "'bfloat'", "did you mean 'bfloat16'"),
        ("steps", "-1", "at least 0"),
        ("batch_size", "1", "at least 2"),
        ("learning_rate", "nan", "at least 0"),
        ("held_out", "1.5", "at least 0 and at most 1"),
        ("weight_clip", "inf", "at least 1"),
    ],
)
def test_invalid_value_is_rejected_when_the_file_is_read(tmp_path: Path, key: str, value: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        read(tmp_path, f"[train]\n{key} = {value}\n")
    assert caught.value.where.endswith(f"generel.toml: train.{key}")
    with pytest.raises(ConfigError, match=message) as caught:
        read(tmp_path, "", **{f"GENEREL_TRAIN_{key.upper()}": value.strip("'")})
    assert caught.value.where == f"GENEREL_TRAIN_{key.upper()}"


def test_section_created_in_python_is_checked() -> None:
    with pytest.raises(ConfigError, match=r"train.mode.*frosen"):
        TrainConfig(mode="frosen")


def test_unknown_variable_is_rejected_with_the_nearest_valid_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, "", GENEREL_TRAIN_STEP="7")
    assert caught.value.nearest == "GENEREL_TRAIN_STEPS"


@pytest.mark.parametrize(
    "text",
    [
        "[train]\nsteps = 'many'\n",
        "[train]\nsteps = 1.5\n",
        "[train]\nsteps = true\n",
        "[train]\npublished_before = 'soon'\n",
        "[neo4j]\nbrowser = 'perhaps'\n",
        "[sources.a]\nreader = 'table'\nfiles = [1]\n",
        "sources = 3\n",
        "not toml",
    ],
)
def test_value_of_a_wrong_type_is_rejected_with_its_location(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"generel\.toml"):
        read(tmp_path, text)


@pytest.mark.parametrize("key", ["reader", "files"])
def test_source_without_a_required_key_is_rejected(tmp_path: Path, key: str) -> None:
    text = "\n".join(line for line in SOURCE.splitlines() if not line.startswith(key))
    with pytest.raises(ConfigError, match=f"missing key.*{key}"):
        read(tmp_path, text)


def test_error_without_a_configuration_names_init(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError, match="generel-graph init"):
        load_config(None, {})
