"""What each export of the zoo is asked, and its weights."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import numpy as np

from rnnzoo.config import RunConfig, UserError, load_config
from rnnzoo.config.locations import exported_row_names, find_saved_model, saved_models_folders
from rnnzoo.serving.reference_requests import load_reference_json

# What a language model is given to score: as much as it wrote itself, up to this many characters.
_MOST_SCORED_CHARACTERS = 200
# The outputs that are read, and that tell whether all give the same answers: the first of these that a signature has.
_ANSWERS = (("label", "score"), ("tags",), ("log_probability",), ("output", "score"), ("text",))


@dataclass(frozen=True)
class Question:
    """What a signature of an export is asked.

    Attributes:
        export: The version folder.
        task: Such as `text_classification`.
        signature: The signature.
        inputs: For each input the values of a few rows, ready for JSON.
        outputs: The outputs that are read, and by which answers are compared.
    """

    export: str
    task: str
    signature: str
    inputs: dict[str, list]
    outputs: list[str]

    def take(self, batch: int) -> dict[str, list]:
        """Returns the inputs of a batch, the rows again and again."""
        return {name: list(islice(cycle(values), batch)) for name, values in self.inputs.items()}

    def to_json(self) -> dict[str, Any]:
        """Returns the fields, as `Question(**fields)` takes them."""
        return asdict(self)


def find_rows(starts: str) -> list[str]:
    """Returns the rows with an export whose names begin with one of some strings.

    Args:
        starts: The strings, joined by commas; "" for all rows.

    Raises:
        UserError: There is none.
    """
    rows = list(exported_row_names(saved_models_folders()[-1]))
    wanted = tuple(start.strip() for start in starts.split(",")) if starts else ("",)
    chosen = sorted(row for row in rows if row.startswith(wanted))
    if not chosen:
        raise UserError("no such row with an export", key="--rows", got=starts, allowed=sorted(rows))
    return chosen


def make_questions(row: str) -> Iterator[Question]:
    """Yields what an export is asked: `serving_default`, and what others can answer too where that writes texts.

    A text that is written takes many steps, for which Keras' `predict` has nothing; how probable a text is, is one.
    """
    export = find_saved_model(row)
    config = load_export_config(export)
    task = config.task
    signatures = load_reference_json(export)["signatures"]
    request = signatures["serving_default"][0]
    asked, answered = (
        {name: value["values"] for name, value in request[side].items()} for side in ("inputs", "outputs")
    )
    yield _make_question(export, task, "serving_default", asked, request)
    if task == "language_modeling":
        condition = {name: values for name, values in asked.items() if name != "prompt"}
        pairs = zip(asked["prompt"], answered["text"], strict=True)
        blank = " " if config.text.unit == "words" else ""
        texts = [(prompt + blank + text)[:_MOST_SCORED_CHARACTERS] for prompt, text in pairs]
        yield _make_question(export, task, "score", {**condition, "text": texts}, signatures["score"][0])
    elif task == "translation":
        pairs = {**asked, "output": answered["output"]}
        yield _make_question(export, task, "score_pair", pairs, signatures["score_pair"][0])


def _make_question(export: Path, task: str, signature: str, inputs: dict[str, list], request: dict) -> Question:
    outputs = next(names for names in _ANSWERS if set(names) <= set(request["outputs"]))
    return Question(str(export), task, signature, inputs, list(outputs))


def load_export_config(export: str | Path) -> RunConfig:
    """Returns the config that an export was trained by."""
    return load_config(str(Path(export) / "assets.extra"))


def load_export_strings(export: str | Path, name: str) -> list[str]:
    """Returns a vocabulary or the classes of an export: one JSON string a line."""
    text = (Path(export) / "assets.extra" / name).read_text(encoding="utf-8")
    return [json.loads(line) for line in text.split("\n") if line]


def load_export_weights(export: str | Path) -> dict[str, np.ndarray]:
    """Returns the weights of an export by their paths in the Keras model, in float32."""
    import tensorflow as tf
    from tensorflow.core.protobuf import saved_model_pb2

    content = (Path(export) / "saved_model.pb").read_bytes()
    nodes = saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].object_graph_def.nodes
    reader = tf.train.load_checkpoint(str(Path(export) / "variables" / "variables"))
    weights = {}
    for holder in nodes[0].children:
        for child in nodes[holder.node_id].children:
            key = f"{holder.local_name}/{child.local_name}/.ATTRIBUTES/VARIABLE_VALUE"
            if reader.has_tensor(key):
                name = nodes[child.node_id].variable.name
                weights[name] = reader.get_tensor(key).astype("float32")
    return weights


def same(one: Any, other: Any) -> bool:
    """Tells whether two answers are the same; numbers may differ in the last digits."""
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return bool(np.isclose(one, other, rtol=1e-3, atol=1e-3))
    return one == other
