"""Training in several replicas: who writes, which rows each one takes, and what they tell each other."""

import json
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import numpy as np
import tensorflow as tf

from rnnzoo.config import UserError
from rnnzoo.training.cluster import Cluster
from rnnzoo.training.deadline import killed_after
from rnnzoo.training.meeting import Meeting, meet

# All have met; what is left is a matter of seconds.
_START_SECONDS = 50.0
# Most mistakes are found by all, and told by the chief.
_MISTAKE_SECONDS = 10.0


class Workers:
    """The processes of a training and the replicas of the model in them.

    Args:
        strategy: The engine: a `tf.distribute` strategy; by default the one in scope.
        cluster: The processes; None: this one alone.
        meeting: The connections between them, in a cluster.
    """

    def __init__(
        self,
        strategy: tf.distribute.Strategy | None = None,
        cluster: Cluster | None = None,
        meeting: Meeting | None = None,
    ):
        self.strategy = strategy or tf.distribute.get_strategy()
        self._cluster = cluster
        self._meeting = meeting
        self._num_processes = len(cluster.addresses) if cluster else 1
        self._rank = cluster.rank if cluster else 0
        self._add_up = tf.function(self._sum_of_all, input_signature=[tf.TensorSpec([None], tf.int32)])

    @property
    def is_chief(self) -> bool:
        """Whether this process writes, prints and exports; one alone does."""
        return self._rank == 0

    @property
    def num_replicas(self) -> int:
        """How many replicas of the model share a batch."""
        return self.strategy.num_replicas_in_sync

    @property
    def can_compile(self) -> bool:
        """Whether XLA can compile a step: where a process has several replicas it does not find their variables."""
        return self.num_replicas == self._num_processes

    # Data

    def share_rows(self, arrays: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Returns the rows of a global batch that the replicas of this process take.

        Args:
            arrays: The global batch: arrays (rows, ...) by name, the same in all processes.

        Returns:
            Tensors by name; with several replicas in this process `PerReplica` values.
        """
        if self.num_replicas == self._num_processes:
            # Plain tensors, since one graph serves all their shapes; not so `PerReplica` values.
            rows = take_rows(arrays, self._rank, self.num_replicas)
            return {name: tf.constant(array) for name, array in rows.items()}

        def rows_of(replica: tf.distribute.experimental.ValueContext) -> dict[str, tf.Tensor]:
            place = replica.replica_id_in_sync_group
            return {name: tf.constant(rows) for name, rows in take_rows(arrays, place, self.num_replicas).items()}

        return self.strategy.experimental_distribute_values_from_function(rows_of)

    def sum_gradients(
        self, gradients: list[Any], weights: Any, total_weight: tf.Tensor, shapes: list[tf.TensorShape]
    ) -> list[tf.Tensor]:
        """Returns the gradients of the mean loss of the global batch, in cross-replica context.

        Args:
            gradients: Those of the mean loss of each replica's rows.
            weights: How many real things each replica's rows have, () float32.
            total_weight: How many the global batch has, () float32.
            shapes: Those of the gradients.
        """
        if self.num_replicas == 1:
            return gradients

        def flatten(gradients, weight):
            # One vector, since many small messages take longer than a large one.
            flat = tf.concat([tf.reshape(gradient, [-1]) for gradient in gradients], 0)
            return flat * (tf.maximum(weight, 1.0) / tf.maximum(total_weight, 1.0))

        total = self.strategy.reduce("SUM", self.strategy.run(flatten, (gradients, weights)), axis=None)
        # The static shapes of gradients are not always known.
        parts = tf.split(total, [shape.num_elements() for shape in shapes])
        return [tf.reshape(part, shape) for part, shape in zip(parts, shapes, strict=True)]

    # What processes tell each other

    def gather(self, value: Any) -> list[Any]:
        """Returns what each process has given, the chief's first. All have to call it.

        Args:
            value: Anything that JSON holds.
        """
        if self._num_processes == 1:
            return [value]
        text = np.frombuffer(json.dumps(value).encode(), np.uint8).astype(np.int32)
        lengths = np.zeros(self._num_processes, np.int32)
        lengths[self._rank] = len(text)
        lengths = self._add_up(tf.constant(lengths)).numpy()
        texts = np.zeros((self._num_processes, lengths.max()), np.int32)
        texts[self._rank, : len(text)] = text
        texts = self._add_up(tf.constant(texts.ravel())).numpy().reshape(texts.shape)
        rows = zip(texts, lengths, strict=True)
        return [json.loads(row[:length].astype(np.uint8).tobytes()) for row, length in rows]

    def from_chief(self, value: Any) -> Any:
        """Returns what the chief has given. All have to call it; what the others give does not count."""
        return self.gather(value if self.is_chief else None)[0] if self._num_processes > 1 else value

    def check_agreement(self, what: str, value: Any, hint: str) -> None:
        """Checks that all processes have the same value.

        Raises:
            UserError: They have not; raised in all of them.
        """
        values = self.gather(value)
        if any(other != values[0] for other in values):
            got = {self._cluster.describe(rank): other for rank, other in enumerate(values)}
            raise UserError(f"the workers do not agree on {what}", got=got, hint=hint)

    @contextmanager
    def chief_first(self) -> Iterator[None]:
        """Lets the chief do something, such as writing files that all share, before the others do it."""
        if not self.is_chief:
            self.gather(None)
        yield
        if self.is_chief:
            self.gather(None)

    def _sum_of_all(self, numbers: tf.Tensor) -> tf.Tensor:
        # An argument as it is would have no device.
        total = self.strategy.reduce("SUM", self.strategy.run(tf.identity, (numbers,)), axis=None)
        # Each of a process's replicas has given the same.
        return total // (self.num_replicas // self._num_processes)

    # Beginning and end

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, traceback: Any) -> None:
        if self._meeting is None:
            return
        if error is None:
            self._meeting.finish()
            return
        if isinstance(error, tf.errors.OpError):
            # Most likely because of a process that has gone, which the meeting is about to say.
            self._meeting.wait_for_loss(5.0)
        self._meeting.leave(_MISTAKE_SECONDS if isinstance(error, UserError) else 0.0)


def take_rows(arrays: Mapping[str, np.ndarray], replica: int, num_replicas: int) -> dict[str, np.ndarray]:
    """Returns the rows of a batch that one of several replicas takes: every `num_replicas`-th.

    So examples, which come before filler rows, are spread evenly.

    Example:

    >>> [take_rows({"row": np.arange(5)}, replica, 2)["row"].tolist() for replica in range(2)]
    [[0, 2, 4], [1, 3]]
    """
    return {name: array[replica::num_replicas] for name, array in arrays.items()}


def start_workers(
    cluster: Cluster | None,
    wait_seconds: float,
    quietly: Callable[[], AbstractContextManager] = nullcontext,
) -> Workers:
    """Starts the engine: of several processes, of several GPUs of one, or none. No TensorFlow op may come before it.

    Args:
        cluster: The processes; None: this one alone.
        wait_seconds: How long to wait for the others.
        quietly: Makes what keeps the engine's chatter off the terminal.

    Raises:
        LostWorkerError: Somebody has not come.
        UserError: This process cannot listen at its address, or the chief is of another cluster.
    """
    if cluster is None:
        with quietly():
            several = len(tf.config.list_physical_devices("GPU")) > 1
            strategy = tf.distribute.MirroredStrategy() if several else None
            tf.constant(0) + 1  # the processor's features are told at the first op
        return Workers(strategy)
    meeting = meet(cluster, wait_seconds)
    message = f"Error: the workers have met, but the engine has not started within {_START_SECONDS:g} seconds\n"
    with killed_after(_START_SECONDS, message), quietly():
        resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
            tf.train.ClusterSpec({job: list(addresses) for job, addresses in cluster.jobs.items()}),
            task_type=cluster.job,
            task_id=cluster.index,
            rpc_layer="grpc",
        )
        handler = signal.getsignal(signal.SIGTERM)
        workers = Workers(tf.distribute.MultiWorkerMirroredStrategy(resolver), cluster, meeting)
        # The engine has taken the signal for itself, and would go on.
        signal.signal(signal.SIGTERM, handler or signal.SIG_DFL)
        workers.gather(None)
    return workers
