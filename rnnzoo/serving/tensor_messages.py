"""Arrays as the tensor messages of TensorFlow Serving's gRPC API."""

from typing import Any

import numpy as np

from rnnzoo.serving.tensor_types import DTYPE_OF_NUMBER, NUMBER_OF_DTYPE

_STRING = NUMBER_OF_DTYPE["string"]
# The field that holds the values, where they are not raw bytes.
_FIELD_OF_DTYPE = {
    "float32": "float_val",
    "float64": "double_val",
    "int64": "int64_val",
    "bool": "bool_val",
    "string": "string_val",
    "float16": "half_val",
    "uint32": "uint32_val",
    "uint64": "uint64_val",
}


def fill_tensor(message: Any, array: np.ndarray) -> None:
    """Writes an array, strings as an object array of bytes, into a tensor message."""
    is_text = array.dtype == object
    message.dtype = _STRING if is_text else NUMBER_OF_DTYPE[array.dtype.name]
    # The shape is there for an array without dimensions too.
    message.tensor_shape.SetInParent()
    for size in array.shape:
        message.tensor_shape.dim.add(size=size)
    if is_text:
        message.string_val.extend(array.ravel().tolist())
    else:
        message.tensor_content = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()


def read_tensor(message: Any) -> np.ndarray:
    """Returns the array in a tensor message; strings as an object array of bytes.

    Raises:
        ValueError: The type is not known, or the values do not fit the shape.
    """
    if message.dtype not in DTYPE_OF_NUMBER:
        raise ValueError(f"has a tensor of the unknown type {message.dtype}")
    dtype = DTYPE_OF_NUMBER[message.dtype]
    shape = [dimension.size for dimension in message.tensor_shape.dim]
    if dtype != "string" and message.tensor_content:
        raw = np.dtype(dtype).newbyteorder("<")
        return np.frombuffer(message.tensor_content, raw).astype(dtype).reshape(shape)
    values = getattr(message, _FIELD_OF_DTYPE.get(dtype, "int_val"))
    size = int(np.prod(shape, dtype=np.int64))
    array = np.empty(size, object if dtype == "string" else dtype)
    if size:
        if not 0 < len(values) <= size:
            raise ValueError(f"has a tensor with {len(values)} values for {size}")
        given = np.array(values, np.uint16).view(np.float16) if dtype == "float16" else values
        array[: len(values)] = given
        # Values that are left out are as the last one.
        array[len(values) :] = given[-1]
    return array.reshape(shape)
