"""Export a model's text encoder as a folder that sentence-transformers loads without code of this package.

| part | content |
|---|---|
| the folder itself | the language model, as published or, after fine-tuning, the fine-tuned one |
| `1_Pooling`, `2_Normalize` | the encoder's pooling; texts are truncated at the model's `max_tokens` |
| `3_Dense` … `8_Normalize` | the adapter (layers.py) |

The layout is that of sentence-transformers' `save`: `modules.json` lists the parts in order; a Dense has a
`config.json` and the tensors `linear.weight` and `linear.bias` in `model.safetensors`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from safetensors.torch import save

from generel_etl.atomic import atomic_folder
from generel_etl.errors import ModelError, UsageError
from generel_etl.progress import Progress, silent
from generel_graph.config import Config
from generel_graph.encode import Encoder
from generel_graph.encode.locate import PATTERNS
from generel_graph.export.layers import Layer, plain_layers
from generel_graph.learn import Model
from generel_graph.session import open as open_session
from generel_graph.spaces.trained import TrainedSpace

MODULES = "sentence_transformers.models"  # the module path that all releases so far accept
# Files of the encoder's folder that are not copied: written here with other content, or without use.
NOT_COPIED = ("modules.json", "sentence_bert_config.json", "config_sentence_transformers.json", "data_config.json")


def export_encoder(config: Config, folder: Path, model_id: str | None = None, progress: Progress = silent) -> Path:
    """Write the text encoder and adapter of a model (None: the active one) to `folder`, which must be new or empty.

    `sentence_transformers.SentenceTransformer(folder)` then embeds a text as the learnt half of the vector that
    `search` and `score` use for free text: unit length, float32. The only difference is that this program rounds the
    encoder's vectors to float16. Raises UsageError for a folder that is not empty, ModelError for a model without an
    adapter.
    """
    if model_id is None:
        with open_session(config, progress) as session:
            model_id = session.model_id()
    space = TrainedSpace(config, model_id)
    return write_encoder(space.model, space.encoder, folder)


def write_encoder(model: Model, encoder: Encoder, folder: Path) -> Path:
    """As `export_encoder`, for a model and the encoder that it was trained with."""
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("the folder is not empty", where=folder, next_step="name a new folder, or empty this one")
    if model.adapter is None:
        raise ModelError(
            "the model has no adapter for free texts",
            where=model.folder,
            found="train.adapter_steps = 0",
            next_step="set [train] adapter_steps, and run `generel-graph train`",
        )
    name, encoder = encoder.name, model.own_encoder(encoder)
    if model.is_finetuned:
        name = f"{name}, fine-tuned,"
    with atomic_folder(folder) as new:
        for pattern in (p for p in PATTERNS if "/" not in p):
            for file in encoder.folder.glob(pattern):
                if file.name not in NOT_COPIED:
                    shutil.copyfile(file, new / file.name)
        _write(new / "sentence_bert_config.json", {"max_seq_length": encoder.max_tokens, "do_lower_case": False})
        _write(new / "config_sentence_transformers.json", {"similarity_fn_name": "cosine"})
        modes = {f"pooling_mode_{key}": key.startswith(encoder.pooling) for key in ("cls_token", "mean_tokens")}
        _write(new / "1_Pooling" / "config.json", {"word_embedding_dimension": encoder.dimension, **modes})
        types = ["Transformer", "Pooling", "Normalize"]
        for layer in plain_layers(model.adapter.state_dict()):
            types.append("Normalize" if layer is None else "Dense")
            if layer is not None:
                _write_layer(new / f"{len(types) - 1}_{types[-1]}", layer)
        modules = [
            {"idx": i, "name": str(i), "path": f"{i}_{type_}" if i else "", "type": f"{MODULES}.{type_}"}
            for i, type_ in enumerate(types)
        ]
        _write(new / "modules.json", modules)
        (new / "README.md").write_text(_card(model, name, encoder.max_tokens), encoding="utf-8")
    return folder


def _write_layer(folder: Path, layer: Layer) -> None:
    outputs, inputs = layer.weight.shape
    sizes = {"in_features": inputs, "out_features": outputs, "bias": True, "activation_function": layer.activation}
    _write(folder / "config.json", sizes)
    (folder / "model.safetensors").write_bytes(save({"linear.weight": layer.weight, "linear.bias": layer.bias}))


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")


def _card(model: Model, name: str, max_tokens: int) -> str:
    return f"""---
library_name: sentence-transformers
pipeline_tag: sentence-similarity
license: other
tags: [sentence-transformers, feature-extraction, biology, genetics, medical, generel-graph]
---
# Texts in the space of model {model.id}

Embeds names and descriptions of diseases, traits, phenotypes, genes and drugs as vectors of {model.learnt_dimension}
numbers and unit length, near the graph's concepts with that meaning. It is {name} followed by the adapter of a
generel-graph model.

```python
from sentence_transformers import SentenceTransformer

vectors = SentenceTransformer("this folder").encode(["heart attack", "myocardial infarction"])
```

- Texts are truncated at {max_tokens} tokens.
- Compare by cosine. To compare with a node's stored vector, use its first {model.learnt_dimension} numbers, scaled to
  unit length.
- Keep float32: one layer multiplies by differences of squares, and half precision loses them.
- Look up a gene symbol, code or rsID in the graph instead; as text it carries little meaning.
- The model's own card describes the training data, the evaluation and the limits. Not for clinical use.
"""
