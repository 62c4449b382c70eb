"""The types of tensors by the numbers and names that TensorFlow Serving gives them."""

# The number and the name in `tensorflow.DataType`, and what TensorFlow's Python and NumPy call it.
_TYPES = (
    (1, "DT_FLOAT", "float32"),
    (2, "DT_DOUBLE", "float64"),
    (3, "DT_INT32", "int32"),
    (4, "DT_UINT8", "uint8"),
    (5, "DT_INT16", "int16"),
    (6, "DT_INT8", "int8"),
    (7, "DT_STRING", "string"),
    (9, "DT_INT64", "int64"),
    (10, "DT_BOOL", "bool"),
    (17, "DT_UINT16", "uint16"),
    (19, "DT_HALF", "float16"),
    (22, "DT_UINT32", "uint32"),
    (23, "DT_UINT64", "uint64"),
)
DTYPE_OF_NUMBER = {number: dtype for number, _, dtype in _TYPES}
NUMBER_OF_DTYPE = {dtype: number for number, _, dtype in _TYPES}
DTYPE_OF_NAME = {name: dtype for _, name, dtype in _TYPES}
