"""The shapes of an export's inputs, read from its file without TensorFlow."""

from collections.abc import Iterator
from pathlib import Path

from rnnzoo.config.errors import UserError

Shape = tuple[int | None, ...] | None

_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5


def _read_varint(message: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[position]
        position += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, position


def _read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yields the number and the value of every field of a protocol buffer."""
    position = 0
    while position < len(message):
        key, position = _read_varint(message, position)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, position = _read_varint(message, position)
            yield number, value
            continue
        if kind == _LENGTH_DELIMITED:
            size, position = _read_varint(message, position)
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"field {number} has the unknown wire type {kind}")
        if position + size > len(message):
            raise ValueError("the message ends inside a field")
        yield number, message[position : position + size]
        position += size


def _read_shape(message: bytes) -> Shape:
    sizes = []
    for number, value in _read_fields(message):
        if number == 3 and value:  # TensorShapeProto.unknown_rank
            return None
        if number == 2:  # TensorShapeProto.dim
            size = dict(_read_fields(value)).get(1, 0)
            sizes.append(None if size >= 1 << 63 else size)  # -1 is the largest unsigned number
    return tuple(sizes)


def _read_inputs(signature: bytes) -> dict[str, Shape]:
    shapes = {}
    for number, value in _read_fields(signature):
        if number == 1:  # SignatureDef.inputs, a map
            entry = dict(_read_fields(value))
            info = dict(_read_fields(entry[2]))
            shapes[entry[1].decode()] = _read_shape(info.get(3, b""))  # TensorInfo.tensor_shape
    return shapes


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
    signatures = {}
    try:
        for number, meta_graph in _read_fields(path.read_bytes()):
            if number != 2:  # SavedModel.meta_graphs
                continue
            for place, value in _read_fields(meta_graph):
                if place == 5:  # MetaGraphDef.signature_def, a map
                    entry = dict(_read_fields(value))
                    signatures[entry[1].decode()] = _read_inputs(entry.get(2, b""))
    except (OSError, ValueError, IndexError, KeyError, TypeError, AttributeError) as error:
        raise UserError(f"not a SavedModel ({error})", file=path) from None
    # What TensorFlow runs when it loads the model is stored as a signature too.
    return {name: inputs for name, inputs in signatures.items() if not name.startswith("__saved_model")}


def varies(shape: Shape) -> bool:
    """Tells whether inputs of a shape may be of unlike sizes, the batch aside.

    Example:

    >>> varies((None,)), varies((None, 3, 384)), varies((None, None)), varies((None, None, 8))
    (False, False, True, True)
    """
    return shape is None or None in shape[1:]
