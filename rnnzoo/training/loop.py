"""The one training loop: a compiled step, validation after each epoch, exact resume."""

import time
from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import keras
import tensorflow as tf

from rnnzoo.config.schema import TrainSection
from rnnzoo.datasets import Batches
from rnnzoo.layers.custom_gradients import gradients_freed_with_graph
from rnnzoo.tasks.task import Task
from rnnzoo.training.bad_numbers import check_score, check_step, check_weights
from rnnzoo.training.checkpoints import CheckpointFolder
from rnnzoo.training.optimizers import make_optimizer
from rnnzoo.training.workers import Workers


class TrainingLoop:
    """Trains the model of a task.

    A step divides the summed loss by the number of real things in the global batch, so it does not
    matter how these are spread over rows, widths or replicas. Gradients are reduced once, across
    replicas, before the optimizer clips them. State that the task's loss returns is carried from batch
    to batch, by each replica for its own rows.

    Of several processes the chief alone evaluates and writes; what it finds decides for all when to stop.

    Args:
        task: What is trained.
        model: Its model.
        train: The `[train]` section of the config.
        batches: Batches to train on, a function of the epoch.
        checkpoints: Where checkpoints go.
        jit_compile: Whether XLA compiles the step, once for each shape of batches.
        workers: The replicas that share each batch; by default those of the strategy in scope.
    """

    def __init__(
        self,
        task: Task,
        model: keras.Model,
        train: TrainSection,
        batches: Batches,
        checkpoints: CheckpointFolder,
        jit_compile: bool = False,
        workers: Workers | None = None,
    ):
        self._task = task
        self._model = model
        self._train = train
        self._batches = batches
        self._checkpoints = checkpoints
        self._workers = workers or Workers()
        self._strategy = self._workers.strategy
        with self._strategy.scope():
            self.optimizer = make_optimizer(train, len(batches) * train.epochs)
            self.optimizer.build(model.trainable_variables)
        self._callbacks = keras.callbacks.CallbackList([], model=model)
        model.stop_training = False
        # Seed generators are among the model's variables: dropout goes on where it stopped.
        self._variables = [*model.variables, *self.optimizer.variables]
        # XLA compiles each shape anyway; without it one graph serves all widths.
        # It does not compile what replicas tell each other.
        is_alone = self._workers.num_replicas == 1
        if jit_compile and not is_alone:
            self._replica_step = tf.function(self._replica_step, jit_compile=True)
        compiles_step = jit_compile and is_alone
        self._step = tf.function(self._train_step, jit_compile=compiles_step, reduce_retracing=not compiles_step)
        self.first_step_seconds: dict[Any, float] = {}
        self.history: list[dict[str, float]] = []
        self.num_epochs_before = 0
        self._best_score: list[float] = []
        self._best_epoch = 0

    def set_callbacks(self, *callbacks: keras.callbacks.Callback) -> None:
        """Sets Keras callbacks; they get the metrics of each batch and epoch."""
        self._callbacks = keras.callbacks.CallbackList(list(callbacks), model=self._model)

    @property
    def best_epoch(self) -> int:
        """The epoch, counted from 1, with the best validation score; 0 before the first."""
        return self._best_epoch

    def run(self, evaluate: Callable[[keras.Model], dict[str, float]], resume: bool = False) -> None:
        """Trains until the last epoch or until validation stops getting better.

        Afterwards the model has the best weights, in the process that writes.

        Args:
            evaluate: Returns the validation metrics of the model.
            resume: Whether to go on from the last checkpoint.

        Raises:
            BadNumberError: A loss, a gradient or a weight is no longer a finite number.
        """
        if resume:
            self._restore()
        self._callbacks.on_train_begin()
        for epoch in range(len(self.history), self._train.epochs):
            if self._is_patience_over():
                break
            self._callbacks.on_epoch_begin(epoch)
            start = time.perf_counter()
            logs = self._run_epoch(epoch)
            check_weights(self._model.variables, self._train, epoch + 1)
            metrics = self._evaluate(evaluate, epoch)
            logs |= {f"validation_{name}": value for name, value in metrics.items() if isinstance(value, float)}
            logs["seconds"] = round(time.perf_counter() - start, 2)
            self.history.append({"epoch": epoch + 1, **logs})
            if self._workers.is_chief:
                self._save(epoch + 1)
            self._callbacks.on_epoch_end(epoch, logs)
            if self._workers.from_chief(self._model.stop_training):
                break
        self._callbacks.on_train_end()
        if self._workers.is_chief:
            self._checkpoints.load_best(self._best_epoch, self._model.variables)

    def _evaluate(self, evaluate: Callable[[keras.Model], dict[str, float]], epoch: int) -> dict[str, float]:
        """Returns the chief's validation metrics, after it has saved the weights if they are the best so far."""
        if not self._workers.is_chief:
            metrics = self._workers.from_chief(None)
            self._compare(metrics, epoch)
            return metrics
        with self._averaged_weights():
            metrics = self._workers.from_chief(evaluate(self._model))
            if self._compare(metrics, epoch):
                self._checkpoints.save_best(epoch + 1, self._model.variables)
        return metrics

    def _compare(self, metrics: dict[str, float], epoch: int) -> bool:
        score = [float(number) for number in self._task.selection_score(metrics)]
        check_score(score, self._train, epoch + 1)
        is_best = not self._best_score or score > self._best_score
        if is_best:
            self._best_score, self._best_epoch = score, epoch + 1
        return is_best

    def _run_epoch(self, epoch: int) -> dict[str, float]:
        loss_sum = weight_sum = 0.0
        state = None
        for number, arrays in enumerate(self._batches.epoch(epoch)):
            self._callbacks.on_train_batch_begin(number)
            batch = self._workers.share_rows(arrays)
            start = time.perf_counter()
            loss, weight, norm, state = self._step(batch, state)
            loss, weight, norm = float(loss), float(weight), float(norm)
            shapes = tuple(array.shape for array in arrays.values())
            self.first_step_seconds.setdefault(shapes, time.perf_counter() - start)
            step = epoch * len(self._batches) + number + 1
            check_step(loss, norm, arrays, self._train, epoch=epoch + 1, number=number + 1, step=step)
            loss_sum += loss
            weight_sum += weight
            self._callbacks.on_train_batch_end(number, {"loss": loss / max(weight, 1.0), "gradient_norm": norm})
        return {"loss": loss_sum / max(weight_sum, 1.0)}

    def _train_step(self, batch: dict[str, Any], state: Any):
        losses, weights, gradients, state = self._strategy.run(self._replica_step, args=(batch, state))
        sums = [self._strategy.reduce("SUM", value, axis=None) for value in (losses, weights)]
        shapes = [tf.TensorShape(variable.shape) for variable in self._model.trainable_variables]
        gradients = self._workers.sum_gradients(gradients, weights, sums[1], shapes)
        # In cross-replica context: Keras clips the gradient it is given and adds up nothing by itself.
        with gradients_freed_with_graph():
            self.optimizer.apply(gradients, self._model.trainable_variables)
        return *sums, tf.linalg.global_norm(gradients), state

    def _replica_step(self, batch: dict[str, tf.Tensor], state: Any):
        variables = self._model.trainable_variables
        with tf.GradientTape() as tape:
            loss_sum, weight, state = self._task.compute_loss(self._model, batch, state, training=True)
            loss = loss_sum / tf.maximum(weight, 1.0)
        gradients = tape.gradient(loss, [variable.value for variable in variables])
        # Dense, because the sum over replicas and the norm of the slices of an embedding are not those of the whole.
        dense = [
            tf.zeros(variable.shape, variable.dtype) if gradient is None else tf.convert_to_tensor(gradient)
            for gradient, variable in zip(gradients, variables, strict=True)
        ]
        return loss_sum, weight, dense, state

    @contextmanager
    def _averaged_weights(self):
        """Puts the moving average of the weights, where there is one, into the model for a while."""
        if not self.optimizer.use_ema:
            yield
            return
        raw = [variable.numpy() for variable in self._model.trainable_variables]
        self.optimizer.finalize_variable_values(self._model.trainable_variables)
        try:
            yield
        finally:
            for variable, value in zip(self._model.trainable_variables, raw, strict=True):
                variable.assign(value)

    def _is_patience_over(self) -> bool:
        patience = self._train.early_stopping_patience
        return bool(patience and self.history and len(self.history) - self._best_epoch >= patience)

    def _save(self, num_epochs: int) -> None:
        state = {"history": self.history, "best_score": self._best_score, "best_epoch": self._best_epoch}
        self._checkpoints.save(num_epochs, self._variables, state)

    def _restore(self) -> None:
        state = self._checkpoints.restore_latest(self._variables)
        self._workers.check_agreement(
            "the epoch to go on from",
            len(state["history"]) if state else 0,
            hint="the run folder has to lie on a file system that all workers share, at the same path",
        )
        if state:
            self.history[:] = state["history"]
            self.num_epochs_before = len(self.history)
            self._best_score, self._best_epoch = state["best_score"], state["best_epoch"]
