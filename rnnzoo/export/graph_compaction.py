"""A SavedModel without what only a reader of its graph would miss."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

_FILE = "saved_model.pb"
# It is a checksum of the graph as it was; servers do without one.
_FINGERPRINT_FILE = "fingerprint.pb"
# What shapes were known while tracing, and where an operation would have to be placed.
_HINTS = ("_output_shapes", "_class")


def compact_saved_model(directory: Path) -> None:
    """Shortens the names of operations inside functions, which take half of a graph, and drops hints.

    Names of functions, of inputs and outputs, of variables and of tables stay as they are. What the graph computes is
    the same; an error message of a server names an operation by a number.

    Args:
        directory: The folder of a SavedModel; the file of its graph is written anew.
    """
    from tensorflow.core.protobuf import saved_model_pb2

    path = directory / _FILE
    saved_model = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    for meta_graph in saved_model.meta_graphs:
        for function in meta_graph.graph_def.library.function:
            _compact_function(function)
    path.write_bytes(saved_model.SerializeToString(deterministic=True))
    (directory / _FINGERPRINT_FILE).unlink(missing_ok=True)


def _compact_function(function: Any) -> None:
    arguments = {argument.name for argument in function.signature.input_arg}
    names = dict(zip((node.name for node in function.node_def), _short_names(arguments), strict=False))
    for node in function.node_def:
        node.name = names[node.name]
        node.input[:] = [_rename(name, names) for name in node.input]
        node.ClearField("experimental_debug_info")
        for hint in _HINTS:
            node.attr.pop(hint, None)
    for results in (function.ret, function.control_ret):
        for name, tensor in list(results.items()):  # a map that is changed may skip some of its keys
            results[name] = _rename(tensor, names)


def _short_names(taken: set[str]) -> Iterator[str]:
    number = 0
    while True:
        name = f"n{number:x}"
        if name not in taken:
            yield name
        number += 1


def _rename(tensor: str, names: dict[str, str]) -> str:
    """Renames the operation in the name of a tensor, `operation:output:0`, or of a control input, `^operation`."""
    control, name = ("^", tensor[1:]) if tensor.startswith("^") else ("", tensor)
    operation, colon, output = name.partition(":")
    # What is no operation is an argument of the function.
    return f"{control}{names.get(operation, operation)}{colon}{output}"
