"""Signatures that refuse inputs of unlike numbers of rows."""

from collections.abc import Mapping
from typing import Any

from rnnzoo.export.reference import input_specs


def refuse_unlike_rows(signatures: Mapping[str, Any]) -> dict[str, Any]:
    """Returns signatures whose inputs must have as many rows as each other.

    A server passes on what it gets, and many operations would broadcast one row over the others: an answer, but
    nobody's. The check is made of core operations, on shapes alone; signatures of one input are returned as they are.

    Args:
        signatures: A `tf.function` with an `input_signature` by name.
    """
    return {name: _check_first(function) for name, function in signatures.items()}


def _check_first(function: Any) -> Any:
    import tensorflow as tf

    specs = input_specs(function)
    if len(specs) < 2:
        return function
    message = f"the inputs {', '.join(spec.name for spec in specs)} have unlike numbers of rows:"

    @tf.function(input_signature=specs)
    def check_rows(*inputs):
        num_rows = tf.stack([tf.shape(given)[0] for given in inputs])
        # The bare operation: `tf.debugging.assert_equal` would put a branch around it.
        check = tf.raw_ops.Assert(condition=tf.reduce_all(num_rows == num_rows[0]), data=[message, num_rows])
        with tf.control_dependencies([check] if check is not None else []):
            # As new tensors: the function must not begin before the check, whose words are clearer than its own.
            return function(*map(tf.identity, inputs))

    return check_rows
