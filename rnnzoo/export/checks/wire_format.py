"""The few bytes of protocol buffers that are read and written without generated code.

No TensorFlow package carries `PredictionLog`, and the C API check must not import TensorFlow at all.
"""

from collections.abc import Iterator

_VARINT, _FIXED64, _LENGTH_DELIMITED, _FIXED32 = 0, 1, 2, 5


def _encode_varint(value: int) -> bytes:
    encoded = bytearray()
    while value > 127:
        encoded.append(value & 127 | 128)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def encode_field(number: int, payload: bytes) -> bytes:
    """Returns a length-delimited field: a string, bytes or a message inside a message.

    Example:

    >>> encode_field(1, b"name")
    b'\\n\\x04name'
    """
    return _encode_varint(number << 3 | _LENGTH_DELIMITED) + _encode_varint(len(payload)) + payload


def read_fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yields the number and the value of every field: an int for varints, bytes for everything else.

    Example:

    >>> list(read_fields(encode_field(3, b"a") + encode_field(300, b"")))
    [(3, b'a'), (300, b'')]

    Raises:
        ValueError: The bytes are no message.
    """
    position = 0

    def read_varint() -> int:
        nonlocal position
        value = shift = 0
        while True:
            if position >= len(message):
                raise ValueError("the message ends inside a field")
            byte = message[position]
            position += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while position < len(message):
        key = read_varint()
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            yield number, read_varint()
            continue
        if kind == _LENGTH_DELIMITED:
            size = read_varint()
        elif kind in (_FIXED64, _FIXED32):
            size = 8 if kind == _FIXED64 else 4
        else:
            raise ValueError(f"field {number} has the unknown wire type {kind}")
        if position + size > len(message):
            raise ValueError("the message ends inside a field")
        yield number, message[position : position + size]
        position += size
