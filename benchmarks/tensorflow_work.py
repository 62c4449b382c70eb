"""What the Keras and rnnzoo workers do."""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from benchmarks.batches import make_batch
from benchmarks.first_steps import measure_first_steps
from benchmarks.peers import PEERS, Peer
from benchmarks.saved_model import SessionModel
from benchmarks.shapes import Shape
from benchmarks.tensorflow_models import build_model, make_layer
from benchmarks.timing import time_steps
from rnnzoo.evaluation import softmax_cross_entropy_sum


def set_threads(threads: int) -> None:
    """Sets TensorFlow's numbers of threads; only before its first operation."""
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(threads)


class TrainingWork:
    """Training steps: forward, backward, Adam."""

    def __init__(self, peer: str, threads: int, shape: dict[str, Any]):
        set_threads(threads)
        keras.utils.set_random_seed(0)
        who, model_shape = PEERS[peer], Shape(**shape)
        model = build_model(model_shape, who.layers, who.cell)
        inputs, classes = make_batch(model_shape)
        if who.run_by == "fit":
            loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
            model.compile("adam", loss, jit_compile=who.xla)
            self._step = lambda: model.train_on_batch(inputs, classes)
        else:
            step = make_training_step(model, who.xla, _LOSSES[who.layers])
            tensors = tf.constant(inputs), tf.constant(classes)
            self._step = lambda: step(*tensors).numpy()
        self.facts = {"parameters": model.count_params(), **measure_first_steps(self._step)}

    def answer(self, seconds: float) -> dict[str, Any]:
        """Times steps for a while."""
        return {"seconds": time_steps(self._step, seconds)}


def _stock_loss(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(classes, logits))


def _our_loss(logits: tf.Tensor, classes: tf.Tensor) -> tf.Tensor:
    loss_sum, num_steps = softmax_cross_entropy_sum(logits, classes, tf.ones_like(classes, tf.float32))
    return loss_sum / num_steps


_LOSSES = {"keras": _stock_loss, "rnnzoo": _our_loss}


def make_training_step(
    model: keras.Model, xla: bool, compute_loss: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """Returns a compiled training step, from inputs and classes to the loss."""
    optimizer = keras.optimizers.Adam()
    variables = model.trainable_variables
    optimizer.build(variables)

    @tf.function(jit_compile=xla)
    def step(inputs, classes):
        with tf.GradientTape() as tape:
            logits = model(inputs, training=True)
            loss = compute_loss(logits, classes)
        optimizer.apply(tape.gradient(loss, [variable.value for variable in variables]), variables)
        return loss

    return step


class InferenceWork:
    """Forward passes, from arrays to arrays: by a compiled function, or a SavedModel in a graph session."""

    def __init__(self, peer: str, threads: int, shape: dict[str, Any], time: int):
        set_threads(threads)
        keras.utils.set_random_seed(0)
        self._shape, self._time = Shape(**shape), time
        who = PEERS[peer]
        model = build_model(self._shape, who.layers, who.cell)
        self._run = self._make_runner(model, who, threads)
        self.facts = {"parameters": model.count_params()}

    def answer(self, batch: int, seconds: float) -> dict[str, Any]:
        """Times passes of a batch for a while."""
        inputs, _ = make_batch(self._shape, batch, self._time)
        self._run(inputs)
        return {"seconds": time_steps(lambda: self._run(inputs), seconds)}

    def _make_runner(self, model: keras.Model, who: Peer, threads: int):
        tail = (self._shape.embedding,) if self._shape.float_features else ()
        signature = tf.TensorSpec([None, None, *tail], tf.float32 if tail else tf.int32, name="inputs")
        if who.run_by == "session":
            return SessionModel(model, signature, threads)
        forward = tf.function(
            lambda inputs: model(inputs, training=False), input_signature=[signature], jit_compile=who.xla
        )
        return lambda inputs: forward(tf.constant(inputs)).numpy()


class LayerWork:
    """Forward and backward passes of one recurrent layer alone, for any sizes; the input is as wide as the layer."""

    def __init__(self, peer: str, threads: int):
        set_threads(threads)
        self._who = PEERS[peer]
        self._sizes: tuple[int, int, int] | None = None
        self._step: Callable[[], object] | None = None
        self.facts: dict[str, Any] = {}

    def answer(self, batch: int, time: int, units: int, seconds: float) -> dict[str, Any]:
        """Times passes of these sizes for a while."""
        if self._sizes != (batch, time, units):
            self._sizes = batch, time, units
            self._step = self._make_step(batch, time, units)
            self._step()
        return {"seconds": time_steps(self._step, seconds)}

    def _make_step(self, batch: int, time: int, units: int):
        layer = make_layer(self._who.layers, self._who.cell, units)
        inputs = tf.random.stateless_normal((batch, time, units), seed=(0, 1))
        weights = tf.random.stateless_normal((batch, time, units), seed=(0, 2))
        layer.build(inputs.shape)
        variables = [variable.value for variable in layer.trainable_variables]

        @tf.function(jit_compile=self._who.xla)
        def step(inputs):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                loss = tf.reduce_sum(layer(inputs) * weights)
            # All gradients are returned: what is not would be pruned from the graph.
            return loss, tape.gradient(loss, [inputs, *variables])

        return lambda: step(inputs)
