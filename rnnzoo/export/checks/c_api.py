"""A SavedModel run through TensorFlow's C library; the Python package is never imported."""

import ctypes
import importlib.util
from pathlib import Path

import numpy as np

from . import wire_format

DT_STRING = 7
_DTYPES = {1: "float32", 2: "float64", 3: "int32", 4: "uint8", 5: "int16", 6: "int8", 9: "int64", 10: "bool",
           17: "uint16", 22: "uint32", 23: "uint64"}  # fmt: skip
_STRING_BYTES = 24  # sizeof(TF_TString)
_RETURN_TYPES = {
    ctypes.c_void_p: "TF_NewStatus TF_NewGraph TF_NewSessionOptions TF_LoadSessionFromSavedModel "
    "TF_GraphOperationByName TF_AllocateTensor TF_TensorData TF_StringGetDataPointer",
    ctypes.c_char_p: "TF_Message TF_Version",
    ctypes.c_int64: "TF_Dim",
    ctypes.c_size_t: "TF_StringGetSize",
    ctypes.c_int: "TF_GetCode TF_NumDims TF_TensorType",
    None: "TF_StringInit TF_StringCopy TF_SessionRun TF_DeleteTensor",
}
# What the main program of TensorFlow Serving calls at its start: a model that insists on XLA fails afterwards.
_DISABLE_XLA = "_ZN10tensorflow21DisableXlaCompilationEv"


class LibraryMissingError(Exception):
    """The C library, or a function of it that is needed, is not there."""


class _Buffer(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("deallocator", ctypes.c_void_p))


class _Output(ctypes.Structure):
    _fields_ = (("operation", ctypes.c_void_p), ("index", ctypes.c_int))


def load_library() -> ctypes.CDLL:
    """Returns TensorFlow's C library, with XLA compilation switched off as in TensorFlow Serving.

    Raises:
        LibraryMissingError: It cannot be had from the installed package.
    """
    spec = importlib.util.find_spec("tensorflow")  # finds the package, does not import it
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        raise LibraryMissingError("the tensorflow package is not installed")
    loaded = None
    for stem in ("libtensorflow_framework", "libtensorflow_cc"):
        files = sorted(Path(folders[0]).glob(f"{stem}.*"))
        if not files:
            raise LibraryMissingError(f"the tensorflow package has no {stem}")
        try:
            loaded = ctypes.CDLL(str(files[0]), ctypes.RTLD_GLOBAL)
        except OSError as error:
            raise LibraryMissingError(str(error)) from error
    try:
        for return_type, names in _RETURN_TYPES.items():
            for name in names.split():
                getattr(loaded, name).restype = return_type
        loaded.TF_NewBuffer.restype = ctypes.POINTER(_Buffer)
    except AttributeError as error:
        raise LibraryMissingError(str(error)) from error
    # A C++ name, so it may go; without it the check says nothing about XLA, and the audit still does.
    disable_xla = getattr(loaded, _DISABLE_XLA, None)
    if disable_xla is not None:
        disable_xla.restype = None
        disable_xla()
    return loaded


def _read_signatures(meta_graph: bytes) -> dict[str, tuple[dict, dict]]:
    """Returns inputs and outputs of each signature: name to (tensor name, dtype number)."""
    signatures = {}
    for number, value in wire_format.read_fields(meta_graph):
        if number != 5:  # MetaGraphDef.signature_def, a map
            continue
        entry = dict(wire_format.read_fields(value))
        sides = {1: {}, 2: {}}  # SignatureDef.inputs, .outputs
        for side, item in wire_format.read_fields(entry.get(2, b"")):
            if side in sides:
                pair = dict(wire_format.read_fields(item))
                info = dict(wire_format.read_fields(pair[2]))  # TensorInfo: name 1, dtype 2
                sides[side][pair[1].decode()] = (info.get(1, b"").decode(), info.get(2, 0))
        signatures[entry[1].decode()] = (sides[1], sides[2])
    return signatures


class CModel:
    """A SavedModel in a session of the C library.

    Args:
        library: What `load_library` returned.
        directory: The version folder.

    Raises:
        RuntimeError: TensorFlow refuses to load it.
    """

    def __init__(self, library: ctypes.CDLL, directory: Path):
        self._library = library
        self._status = ctypes.c_void_p(library.TF_NewStatus())
        self._graph = ctypes.c_void_p(library.TF_NewGraph())
        options = ctypes.c_void_p(library.TF_NewSessionOptions())
        meta_graph = library.TF_NewBuffer()
        tags = (ctypes.c_char_p * 1)(b"serve")
        self._session = ctypes.c_void_p(
            library.TF_LoadSessionFromSavedModel(
                options, None, str(directory).encode(), tags, 1, self._graph, meta_graph, self._status
            )
        )
        self._raise_on_error()
        self.signatures = _read_signatures(ctypes.string_at(meta_graph.contents.data, meta_graph.contents.length))

    def _raise_on_error(self) -> None:
        if self._library.TF_GetCode(self._status):
            raise RuntimeError(self._library.TF_Message(self._status).decode("utf-8", "replace"))

    def _output(self, tensor_name: str) -> _Output:
        operation, index = tensor_name.rsplit(":", 1)
        return _Output(self._library.TF_GraphOperationByName(self._graph, operation.encode()), int(index))

    def _make_tensor(self, array: np.ndarray, dtype: int) -> ctypes.c_void_p:
        if array.dtype != _DTYPES.get(dtype, "object"):
            raise RuntimeError(f"an input of dtype {array.dtype} does not fit a tensor of type number {dtype}")
        size = array.size * _STRING_BYTES if dtype == DT_STRING else array.nbytes
        dimensions = (ctypes.c_int64 * array.ndim)(*array.shape)
        tensor = ctypes.c_void_p(self._library.TF_AllocateTensor(dtype, dimensions, array.ndim, ctypes.c_size_t(size)))
        data = self._library.TF_TensorData(tensor)
        if dtype == DT_STRING:
            for index, value in enumerate(array.flat):
                string = ctypes.c_void_p(data + _STRING_BYTES * index)
                self._library.TF_StringInit(string)
                self._library.TF_StringCopy(string, value, ctypes.c_size_t(len(value)))
        elif array.nbytes:
            ctypes.memmove(data, np.ascontiguousarray(array).ctypes.data, array.nbytes)
        return tensor

    def _read_tensor(self, tensor: ctypes.c_void_p) -> np.ndarray:
        library = self._library
        dtype = library.TF_TensorType(tensor)
        shape = [library.TF_Dim(tensor, axis) for axis in range(library.TF_NumDims(tensor))]
        size = int(np.prod(shape, dtype=int))
        data = library.TF_TensorData(tensor)
        if dtype != DT_STRING:
            numbers = np.dtype(_DTYPES[dtype])
            content = ctypes.string_at(data, size * numbers.itemsize) if size else b""
            return np.frombuffer(content, numbers).reshape(shape)
        strings = np.empty(size, dtype=object)
        for index in range(size):
            string = ctypes.c_void_p(data + _STRING_BYTES * index)
            strings[index] = ctypes.string_at(library.TF_StringGetDataPointer(string), library.TF_StringGetSize(string))
        return strings.reshape(shape)

    def run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Returns the outputs of a signature by name.

        Raises:
            RuntimeError: TensorFlow reports an error.
        """
        input_infos, output_infos = self.signatures[signature]
        fed = [(self._output(input_infos[name][0]), self._make_tensor(value, input_infos[name][1]))
               for name, value in inputs.items()]  # fmt: skip
        fetched = [self._output(tensor_name) for tensor_name, _ in output_infos.values()]
        results = (ctypes.c_void_p * len(fetched))()
        self._library.TF_SessionRun(
            self._session,
            None,
            (_Output * len(fed))(*[place for place, _ in fed]),
            (ctypes.c_void_p * len(fed))(*[tensor for _, tensor in fed]),
            len(fed),
            (_Output * len(fetched))(*fetched),
            results,
            len(fetched),
            None,
            0,
            None,
            self._status,
        )
        for _, tensor in fed:
            self._library.TF_DeleteTensor(tensor)
        self._raise_on_error()
        answer = {}
        for name, pointer in zip(output_infos, results, strict=True):
            tensor = ctypes.c_void_p(pointer)
            answer[name] = self._read_tensor(tensor)
            self._library.TF_DeleteTensor(tensor)
        return answer
