"""Gradients written by hand that live no longer than the graph they were traced in."""

import functools
import weakref
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops


def custom_gradient(function: Callable) -> Callable:
    """Does what `tf.custom_gradient` does, without keeping in memory every graph that the function was traced in.

    TensorFlow enters the gradient of each trace in a table of the process and never takes it out again. As the
    gradient refers to tensors of its graph, no such graph could ever be freed: each further model trained in a
    process would cost tens to hundreds of megabytes.

    Args:
        function: From tensors to results and the function that computes their gradient.
    """
    with_gradient = tf.custom_gradient(function)

    @functools.wraps(function)
    @tf.autograph.experimental.do_not_convert
    def run(*tensors):
        results = with_gradient(*tensors)
        tie_gradient_to_graph(tf.nest.flatten(results)[0])
        return results

    return run


def tie_gradient_to_graph(tensor: tf.Tensor) -> tf.Tensor:
    """Moves the gradient of a result of a `tf.custom_gradient` from the table of the process to the result's graph.

    Args:
        tensor: A result that TensorFlow's own code gave, such as that of `all_reduce`.

    Returns:
        The tensor.
    """
    if isinstance(tensor, tf.__internal__.EagerTensor):
        return tensor
    try:
        name = tensor.op.get_attr("_gradient_op_type").decode()
    except ValueError:
        return tensor  # no gradient of its own
    entries = ops.gradient_registry._registry  # there is no public way to it
    graph = tensor.graph
    if not hasattr(graph, "_rnnzoo_gradients"):
        graph._rnnzoo_gradients = {}
    graph._rnnzoo_gradients[name] = entries[name]["type"]
    get_graph = weakref.ref(graph)

    def find_and_run(operation: tf.Operation, *upstream: tf.Tensor) -> Any:
        return get_graph()._rnnzoo_gradients[name](operation, *upstream)

    entries[name]["type"] = find_and_run
    weakref.finalize(graph, entries.pop, name, None).atexit = False
    return tensor
