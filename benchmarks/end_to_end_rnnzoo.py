"""`rnnzoo train`'s own path: its task, batches and loop."""

import tempfile
import time
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


def make_config(training: dict[str, Any]) -> RunConfig:
    """Returns the config of the training, the loop's other settings as they are by default."""
    return parse_config(
        {
            "name": "benchmark/end_to_end",
            "task": "text_classification",
            "data": {
                "dataset": training["dataset"],
                "train_split": training["split"],
                "label_feature": training["label_feature"],
            },
            "text": {"vocabulary_size": training["vocabulary_size"], "max_length": training["max_length"]},
            "model": {
                "embedding_dim": training["embedding"],
                "units": training["units"],
                "stack": "plain",
                "pooling": "mean",
                "dropout": 0.0,
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
        train, validation = (_to_texts(split) for split in task.load_training_splits(dataset))
        seconds = time.perf_counter() - start
        folder = _vocabularies(encoded)
        folder.mkdir()
        task.save_vocabularies(folder)
        num_ids = task.build_model().get_layer("embedding").input_dim
        save_texts(Path(encoded), {"train": train, "validation": validation}, num_ids)
        self.facts = {"texts": len(train.ids), "tokens": train.num_tokens, "encoding_seconds": seconds}

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
        self._task.load_vocabularies(_vocabularies(encoded))
        self._train, self._validation = (_to_split(name, Path(encoded)) for name in ("train", "validation"))
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
            return {"accuracy": float(len(epoch_seconds)), "loss": 0.0}

        clock = _EpochStart()
        with tempfile.TemporaryDirectory() as folder:
            batches = self._task.make_batches(self._train, shuffle=True)
            checkpoints = CheckpointFolder(Path(folder), 1)
            config = self._task.config
            jit_compile = choose_jit_compile(config, batches)
            loop = TrainingLoop(self._task, self._model, config.train, batches, checkpoints, jit_compile)
            loop.set_callbacks(clock)
            loop.run(take_time)
        return {
            "epoch_seconds": epoch_seconds,
            "validation_accuracy": self._task.evaluate(self._model, self._validation).metrics["accuracy"],
            "parameters": self._model.count_params(),
            "xla": jit_compile,
        }


class _EpochStart(keras.callbacks.Callback):
    start = 0.0

    def on_epoch_begin(self, epoch, logs=None):
        self.start = time.perf_counter()


def _vocabularies(encoded: str) -> Path:
    return Path(encoded).with_suffix(".vocabularies")


def _to_texts(split: Split) -> Texts:
    token_ids = split.columns["token_ids"]
    rows = np.split(token_ids.values.astype("int32"), token_ids.offsets[1:-1])
    return Texts(rows, split.columns["label"].values.astype("int32"))


def _to_split(name: str, path: Path) -> Split:
    texts = load_texts(path, name)
    offsets = np.concatenate([[0], np.cumsum([len(row) for row in texts.ids])])
    columns = {"token_ids": Column(np.concatenate(texts.ids), offsets), "label": Column(texts.labels)}
    return Split(name, columns, read_inputs=list)
