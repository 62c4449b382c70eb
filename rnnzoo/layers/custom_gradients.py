"""Gradients written by hand that live no longer than the graph they were traced in."""

import functools
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from tensorflow.python.framework import ops

# TensorFlow enters the gradient of each trace of a `tf.custom_gradient` in this table and never takes it out again. As
# the gradient refers to tensors of its graph, no such graph could ever be freed: each further model trained in a
# process would cost tens to hundreds of megabytes. There is no public way to it.
_entries = ops.gradient_registry._registry
_PREFIX = "CustomGradient-"


def custom_gradient(function: Callable) -> Callable:
    """Does what `tf.custom_gradient` does, but what is traced can be freed with its graph.

    Args:
        function: From tensors to results and the function that computes their gradient.
    """
    with_gradient = tf.custom_gradient(function)

    @functools.wraps(function)
    @tf.autograph.experimental.do_not_convert
    def run(*tensors):
        with gradients_freed_with_graph():
            return with_gradient(*tensors)

    return run


@contextmanager
def gradients_freed_with_graph() -> Iterator[None]:
    """Lets what is traced inside with `tf.custom_gradient`, by whomever, be freed with the graph it is traced in."""
    if tf.executing_eagerly():
        yield
        return
    before = set(_entries)
    yield
    graph = tf.compat.v1.get_default_graph()
    for name in _entries.keys() - before:
        if name.startswith(_PREFIX) and not isinstance(_entries[name]["type"], _GradientOfGraph):
            _entries[name]["type"] = _GradientOfGraph(graph, name, _entries[name]["type"])
            weakref.finalize(graph, _entries.pop, name, None).atexit = False


class _GradientOfGraph:
    """A gradient that the graph holds, and the table only finds."""

    def __init__(self, graph: tf.Graph, name: str, gradient: Callable):
        if not hasattr(graph, "_rnnzoo_gradients"):
            graph._rnnzoo_gradients = {}
        graph._rnnzoo_gradients[name] = gradient
        self._find_graph = weakref.ref(graph)
        self._name = name

    def __call__(self, operation: tf.Operation, *upstream: tf.Tensor) -> Any:
        return self._find_graph()._rnnzoo_gradients[self._name](operation, *upstream)
