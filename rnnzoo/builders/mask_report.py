"""Where the padding mask goes in a model, and whether padding can change its answers."""

from dataclasses import dataclass

import keras
import numpy as np

_MOST_STEPS = 7
_MORE_STEPS = 11
_TOLERANCE = 1e-5
# In the order of what is most worth knowing.
_FATES = ("drops", "makes", "passes", "uses", "-")


@dataclass(frozen=True)
class LayerMask:
    """What one layer or operation does with the mask.

    Attributes:
        layer: Name of the layer or of the operation, such as the product in `x * 2.0`.
        kind: Its class.
        output_shape: Shapes of its outputs, as text.
        num_parameters: Its weights.
        mask: `makes`, `passes`, `uses` (the mask ends here, for good reason), `drops` or `-`.
    """

    layer: str
    kind: str
    output_shape: str
    num_parameters: int
    mask: str


def report_masks(model: keras.Model) -> list[LayerMask]:
    """Follows the mask through the layers and operations of a functional or sequential model.

    What is given a mask, keeps the time axis and returns no mask `drops` it: every layer after it takes
    padding for text. Bare operations always do.
    """
    graph = _graph(model)
    calls = {id(call) for same_depth in graph._nodes_by_depth.values() for call in same_depth}
    report = []
    # Not `model.layers`: `x * 2.0` and `keras.ops` functions are no layers.
    for operation in graph.operations:
        nodes = [node for node in operation._inbound_nodes if id(node) in calls]
        if not isinstance(operation, keras.Layer) and _makes_masks(nodes[0]):
            continue
        shapes = ", ".join(_shape_text(tensor.shape) for tensor in nodes[0].output_tensors)
        num_parameters = operation.count_params() if isinstance(operation, keras.Layer) else 0
        fate = min(map(_fate_of_mask, nodes), key=_FATES.index)
        report.append(LayerMask(operation.name, type(operation).__name__, shapes, num_parameters, fate))
    return report


def check_masks(model: keras.Model, seed: int = 0) -> None:
    """Makes sure that padding does not count.

    Looks for a layer that drops the mask, then compares the answers to random sequences with those to
    the same sequences with more padding.

    Args:
        model: A functional or sequential model. Its inputs with an open time axis are sequences of int ids
            or of float features, padded on the right with 0.
        seed: Seed of the sequences.

    Raises:
        ValueError: No layer makes a mask, one drops it, or padding changes an answer.
    """
    report = report_masks(model)
    dropping = [row.layer for row in report if row.mask == "drops"]
    if dropping:
        raise ValueError(f"the padding mask is dropped by the layer `{dropping[0]}`: padding would count as text")
    if not any(row.mask == "makes" for row in report):
        raise ValueError("no layer makes a padding mask: use Embedding(mask_zero=True) or Masking")
    graph = _graph(model)
    random = np.random.default_rng(seed)
    narrow, wide = [], []
    lengths = np.arange(_MOST_STEPS + 1)
    real = np.arange(_MOST_STEPS) < lengths[:, None]
    for tensor in graph.inputs:
        shape = [len(lengths), *(_MOST_STEPS if size is None else size for size in tensor.shape[1:])]
        is_sequence = _has_open_time(tensor)
        if keras.backend.is_int_dtype(tensor.dtype):
            # The special ids are in every vocabulary, and a condition has two values.
            values = random.integers(1, 4 if is_sequence else 2, shape)
        else:
            values = random.normal(size=shape)
        padding = [(0, 0)] * len(shape)
        if is_sequence:
            values = values * real.reshape(*real.shape, *[1] * (len(shape) - 2))
            padding[1] = (0, _MORE_STEPS)
        values = values.astype(tensor.dtype)
        narrow.append(values)
        wide.append(np.pad(values, padding))
    answers = [
        keras.tree.flatten(graph(keras.tree.pack_sequence_as(graph.input, inputs), training=False))
        for inputs in (narrow, wide)
    ]
    for tensor, less, more in zip(graph.outputs, *answers, strict=True):
        less, more = np.asarray(less), np.asarray(more)
        if _has_open_time(tensor):
            less, more = less[real], more[:, :_MOST_STEPS][real]
        difference = float(np.max(np.abs(less - more)))
        if not difference <= _TOLERANCE:
            raise ValueError(f"padding changes the answer by {difference:.3g}: a layer does not heed the mask")


def _graph(model):
    return getattr(model, "_functional", None) or model


def _makes_masks(node) -> bool:
    # The masks themselves are tensors of the graph.
    return all(tensor.dtype == "bool" for tensor in node.output_tensors)


def _fate_of_mask(node) -> str:
    masked_in, masked_out = (
        [tensor for tensor in tensors if getattr(tensor, "_keras_mask", None) is not None]
        for tensors in (node.input_tensors, node.output_tensors)
    )
    if masked_out:
        return "passes" if masked_in else "makes"
    if not masked_in:
        return "-"
    if any(_has_open_time(tensor) for tensor in masked_in):
        keeps_time = any(_has_open_time(tensor) for tensor in node.output_tensors)
    else:
        keeps_time = any(len(tensor.shape) > 2 for tensor in node.output_tensors)
    return "drops" if keeps_time else "uses"


def _has_open_time(tensor) -> bool:
    return len(tensor.shape) > 1 and tensor.shape[1] is None


def _shape_text(shape) -> str:
    names = ["batch", "time"]
    sizes = [names[place] if size is None and place < 2 else str(size) for place, size in enumerate(shape)]
    return f"({', '.join(sizes)})"
