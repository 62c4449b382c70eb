"""The shapes of an export's inputs, read from its file without TensorFlow."""

from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from rnnzoo.config.errors import UserError
from rnnzoo.serving.protocol_messages import MESSAGES

Shape = tuple[int | None, ...] | None


def read_input_shapes(export: str | Path) -> dict[str, dict[str, Shape]]:
    """Reads the inputs of every signature.

    Args:
        export: The version folder.

    Returns:
        For each signature the shape of each input by name: sizes, None where a dimension may vary, the batch first;
        None instead of a shape of unknown rank.

    Raises:
        UserError: The folder holds no SavedModel.
    """
    path = Path(export) / "saved_model.pb"
    try:
        saved_model = MESSAGES["SavedModel"].FromString(path.read_bytes())
    except (OSError, DecodeError) as error:
        raise UserError(f"not a SavedModel ({error})", file=path) from None
    return {
        name: {key: _read_shape(info.tensor_shape) for key, info in definition.inputs.items()}
        for meta_graph in saved_model.meta_graphs
        for name, definition in meta_graph.signature_def.items()
        # What TensorFlow runs when it loads the model is stored as a signature too.
        if not name.startswith("__saved_model")
    }


def _read_shape(shape: Any) -> Shape:
    if shape.unknown_rank:
        return None
    return tuple(None if dimension.size < 0 else dimension.size for dimension in shape.dim)


def varies(shape: Shape) -> bool:
    """Tells whether inputs of a shape may be of unlike sizes, the batch aside.

    Example:

    >>> varies((None,)), varies((None, 3, 384)), varies((None, None)), varies((None, None, 8))
    (False, False, True, True)
    """
    return shape is None or None in shape[1:]
