"""rnnzoo's own translator: its task, its training loop, its export."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from benchmarks.saved_model import ExportedSession
from benchmarks.translation_shape import TranslatorShape, list_pieces, make_pairs
from benchmarks.translation_weights import Stack, TranslatorWeights, make_weights
from rnnzoo.config import RunConfig
from rnnzoo.config.loading import parse_config
from rnnzoo.export.float16_storage import store_weights_as_float16
from rnnzoo.tasks.registry import make_task
from rnnzoo.tasks.task import Task
from rnnzoo.text import PairPipeline, Vocabulary
from rnnzoo.text.subwords import SubwordTokenizer
from rnnzoo.training.checkpoints import CheckpointFolder
from rnnzoo.training.loop import TrainingLoop

# More than are ever timed: the learning rate hardly falls.
_EPOCHS = 10_000


def make_config(shape: TranslatorShape, beam_width: int = 5) -> RunConfig:
    """Returns the config of the translator, all other settings as they are by default.

    Args:
        shape: The translator.
        beam_width: Of its export, which writes as many units as it reads.
    """
    return parse_config(
        {
            "name": "benchmark/translation",
            "task": "translation",
            "data": {"dataset": "none"},
            "text": {"joint_vocabulary": True, "vocabulary_size": shape.vocabulary, "max_length": 60},
            "model": {
                "embedding_dim": shape.embedding,
                "units": shape.units,
                "encoder_layers": shape.encoder_layers,
                "decoder_layers": shape.decoder_layers,
                "share_embeddings": True,
                "tie_embeddings": True,
                "dropout": shape.dropout,
            },
            "train": {
                "epochs": _EPOCHS,
                "batch_size": shape.batch,
                "optimizer": "adamw",
                "learning_rate": shape.learning_rate,
                "label_smoothing": shape.label_smoothing,
                "ema_momentum": shape.ema_momentum,
                "gradient_clip_norm": shape.clip_norm,
            },
            "decode": {"beam_width": beam_width, "length_penalty": 3.0, "max_length_ratio": 1.0, "max_length_extra": 0},
            "export": {"float16_weights": True},
        }
    )


def make_translation_task(shape: TranslatorShape, beam_width: int = 5) -> Task:
    """Makes the task, with its vocabulary."""
    task = make_task(make_config(shape, beam_width))
    pieces = SubwordTokenizer(Vocabulary(list_pieces(shape)))
    with tempfile.TemporaryDirectory() as folder:
        PairPipeline(pieces, pieces, task.config.text.max_length).save(Path(folder))
        task.load_vocabularies(Path(folder))
    return task


def build_our_translator(task: Task, shape: TranslatorShape) -> keras.Model:
    """Builds the model of the task, with the weights of all."""
    model = task.build_model()
    weights, layers = make_weights(shape), {layer.name: layer for layer in model.layers}
    encoder, decoder = layers["encoder"], layers["decoder"]
    assign_stack(weights.encoder, [*encoder.norms, encoder.final_norm], encoder.recurrent_layers)
    assign_stack(weights.decoder, [*decoder.norms, decoder.final_norm], decoder.recurrent_layers)
    layers["attention"].set_weights([weights.memory_kernel])
    assign_rest(weights, layers["embedding"], layers["context_to_state"], layers["attentional_vector"])
    return model


def assign_stack(weights: Stack, norms: Sequence, layers: Sequence) -> None:
    """Gives Keras layers, or their like, the weights of a stack."""
    for norm, values in zip(norms, weights.norms, strict=True):
        norm.set_weights([values.scale, values.shift])
    for layer, directions in zip(layers, weights.layers, strict=True):
        ways = [layer.forward_layer, layer.backward_layer] if hasattr(layer, "forward_layer") else [layer]
        for way, values in zip(ways, directions, strict=True):
            way.cell.set_weights([values.kernel, values.recurrent_kernel, values.bias])


def assign_rest(weights: TranslatorWeights, embedding, context_to_state, attentional_vector) -> None:
    """Gives Keras layers the weights of a translator that are of no stack and not of the attention."""
    embedding.set_weights([weights.embedding, weights.output_bias])
    context_to_state.set_weights([weights.state_kernel, weights.state_bias])
    attentional_vector.set_weights([weights.vector_kernel, weights.vector_bias])


class OurTrainer(TrainingLoop):
    """The loop of `rnnzoo train`, one step at a time."""

    def __init__(self, shape: TranslatorShape, xla: bool):
        task = make_translation_task(shape)
        model = build_our_translator(task, shape)
        sides = ("source_ids", "target_ids")
        self._arrays = {width: dict(zip(sides, make_pairs(shape, width), strict=True)) for width, _ in shape.widths}
        # Nothing is saved: that is for whole epochs.
        checkpoints = CheckpointFolder(Path(tempfile.gettempdir()), 1)
        super().__init__(task, model, task.config.train, list(self._arrays.values()), checkpoints, xla)
        self.num_parameters = model.count_params()

    def run_step(self, width: int) -> float:
        """Trains on the batch of a width; returns its mean loss."""
        batch = {name: tf.constant(array) for name, array in self._arrays[width].items()}
        loss, weight, norm, _ = self._step(batch, None)
        # As the loop does, which looks at all three.
        loss, weight, _ = float(loss), float(weight), float(norm)
        return loss / weight


class ExportedTranslator:
    """The signature `serving_default` of exports in a graph session, as TensorFlow Serving runs it.

    The weights are float16, as the config of the zoo has them exported.
    """

    def __init__(self, shape: TranslatorShape, beam_widths: Sequence[int], threads: int):
        task = make_translation_task(shape)
        model = store_weights_as_float16(task, build_our_translator(task, shape))
        served, signatures = tf.Module(), {}
        served.parts = []
        for beam_width in beam_widths:
            part, functions = make_translation_task(shape, beam_width).make_serving_module(model)
            served.parts.append(part)
            signatures[f"beam_{beam_width}"] = functions["serving_default"]
        session = ExportedSession(served, signatures, threads)
        self._translate = {
            beam_width: session.make_callable(f"beam_{beam_width}", ["text"], ["output"]) for beam_width in beam_widths
        }

    def translate(self, texts: Sequence[str], beam_width: int) -> list[str]:
        """Translates texts."""
        (outputs,) = self._translate[beam_width](np.array(texts, object))
        return [output.decode() for output in outputs]
