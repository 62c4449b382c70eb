"""`rnnzoo train`'s own path: its task, batches and loop."""

import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from benchmarks.encoded_texts import Texts, load_texts, save_texts
from benchmarks.tensorflow_work import set_threads
from rnnzoo.config import RunConfig
from rnnzoo.config.loading import parse_config
from rnnzoo.datasets import Column, open_dataset
from rnnzoo.tasks.registry import make_task
from rnnzoo.tasks.splits import Split
from rnnzoo.training.checkpoints import CheckpointFolder
from rnnzoo.training.compilation import choose_jit_compile
from rnnzoo.training.loop import TrainingLoop


@dataclass(frozen=True)
class _Kind:
    """In what a task differs from others.

    Attributes:
        text: Its keys of the section `[text]`.
        model: Its keys of the section `[model]`.
        label_columns: The encoded columns that hold the labels: one to train by, and those to score by.
    """

    text: dict[str, Any]
    model: dict[str, Any]
    label_columns: tuple[str, ...]


_KINDS = {
    "text_classification": _Kind({}, {"pooling": "mean"}, ("label",)),
    "sequence_tagging": _Kind({"characters": False, "shapes": False}, {}, ("tag_ids", "gold")),
}
_CHARACTERS = "character_ids"


def make_config(training: dict[str, Any]) -> RunConfig:
    """Returns the config of the training, the loop's other settings as they are by default."""
    kind = _KINDS[training["task"]]
    text, model = dict(kind.text), dict(kind.model)
    if training["word_length"]:
        text |= {"characters": True, "word_length": training["word_length"]}
        model |= {
            "character_dim": training["character_filters"],
            "character_kernel_sizes": [training["character_width"]],
        }
    return parse_config(
        {
            "name": "benchmark/end_to_end",
            "task": training["task"],
            "data": training["data"],
            "text": {
                "vocabulary_size": training["vocabulary_size"],
                "max_length": training["max_length"],
                **text,
            },
            "model": {
                "embedding_dim": training["embedding"],
                "units": training["units"],
                "stack": "plain",
                "dropout": 0.0,
                **model,
            },
            "train": {
                "epochs": training["epochs"],
                "batch_size": training["batch_size"],
                "optimizer": "adam",
                "learning_rate": training["learning_rate"],
                "schedule": "constant",
                "warmup_steps": 0,
                "gradient_clip_norm": training["clip_norm"],
                "early_stopping_patience": 0,
            },
        }
    )


def load_split(path: Path, name: str, task: str) -> Split:
    """Reads encoded texts as the task has them."""
    texts = load_texts(path, name)
    offsets = np.concatenate([[0], np.cumsum(texts.lengths)])
    labels = Column(texts.labels, offsets if texts.is_tagged else None)
    columns = {"token_ids": Column(texts.ids, offsets), **dict.fromkeys(_KINDS[task].label_columns, labels)}
    if texts.character_ids.size:
        columns[_CHARACTERS] = Column(texts.character_ids, offsets)
    return Split(name, columns, iterate_inputs=list)


def vocabulary_folder(encoded: Path) -> Path:
    """Returns where the vocabularies of encoded texts lie."""
    return encoded.with_suffix(".vocabularies")


class EncodeWork:
    """Encodes the texts once, for all peers."""

    facts: dict[str, Any]

    def __init__(self, threads: int, training: dict[str, Any], encoded: str, data_dir: str | None):
        set_threads(threads)
        config = make_config(training)
        dataset = open_dataset(config.data.dataset, Path(data_dir) if data_dir else None)
        task = make_task(config)
        start = time.perf_counter()
        task.learn_vocabularies(dataset)
        train, validation = (_to_texts(split, config.task) for split in task.load_training_splits(dataset))
        seconds = time.perf_counter() - start
        folder = vocabulary_folder(Path(encoded))
        folder.mkdir()
        task.save_vocabularies(folder)
        model = task.build_model()
        num_ids, num_labels = model.get_layer("embedding").input_dim, model.output_shape[-1]
        num_characters = model.get_layer("characters").input_dim if training["word_length"] else 0
        save_texts(Path(encoded), {"train": train, "validation": validation}, num_ids, num_labels, num_characters)
        self.facts = {"texts": len(train.lengths), "tokens": len(train.ids), "encoding_seconds": seconds}

    def answer(self) -> dict[str, Any]:
        """Nothing is left to do."""
        return {}


class RnnzooWork:
    """Trains and scores the model once."""

    facts: dict[str, Any]

    def __init__(self, threads: int, training: dict[str, Any], encoded: str):
        set_threads(threads)
        keras.utils.set_random_seed(0)
        self._task = make_task(make_config(training))
        path = Path(encoded)
        self._task.load_vocabularies(vocabulary_folder(path))
        self._train, self._validation = (load_split(path, name, training["task"]) for name in ("train", "validation"))
        self._model = self._task.build_model()
        self.facts = {}

    def answer(self) -> dict[str, Any]:
        """Trains."""
        epoch_seconds: list[float] = []

        def take_time(model: keras.Model) -> dict[str, float]:
            # Called when the last step of an epoch was started; reading a weight waits until it is done.
            model.trainable_variables[-1].numpy()
            epoch_seconds.append(time.perf_counter() - clock.start)
            # Rising: the loop then ends with the weights of the last epoch, as the other peers do.
            return {self._task.headline_metric: float(len(epoch_seconds)), "loss": 0.0}

        clock = _EpochStart()
        with tempfile.TemporaryDirectory() as folder:
            batches = self._task.make_batches(self._train, shuffle=True)
            checkpoints = CheckpointFolder(Path(folder), 1)
            config = self._task.config
            jit_compile = choose_jit_compile(config, batches)
            loop = TrainingLoop(self._task, self._model, config.train, batches, checkpoints, jit_compile)
            loop.set_callbacks(clock)
            loop.run(take_time)
        metrics = self._task.evaluate(self._model, self._validation).metrics
        return {
            "epoch_seconds": epoch_seconds,
            "validation_accuracy": metrics[self._task.headline_metric],
            "parameters": self._model.count_params(),
            "xla": jit_compile,
        }


class _EpochStart(keras.callbacks.Callback):
    start = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()


def _to_texts(split: Split, task: str) -> Texts:
    token_ids, labels = split.columns["token_ids"], split.columns[_KINDS[task].label_columns[0]]
    characters = split.columns.get(_CHARACTERS, Column(np.empty((len(token_ids.values), 0))))
    return Texts(
        token_ids.values.astype("int32"),
        characters.values.astype("int32"),
        token_ids.lengths,
        labels.values.astype("int32"),
        is_tagged=labels.offsets is not None,
    )
