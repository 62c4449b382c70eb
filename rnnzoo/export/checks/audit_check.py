"""Reads an export and reports what TensorFlow Serving, its REST API or its batching could not live with.

Usage: python -m checks.audit_check OPTIONS EXPORT…

The JSON object may hold `max_bytes` (otherwise the limit is the one the export was made under) and
`forbidden` (list of strings that may stand in no file).
"""

import math
import os
import re
import sys
import tempfile
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.framework import op_def_registry

from . import reference_format
from .running import print_results

_PYTHON_OPS = {"PyFunc", "PyFuncStateless", "EagerPyFunc"}
_FILE_OPS = {
    "ReadFile", "WriteFile", "MatchingFiles", "WholeFileReader", "WholeFileReaderV2", "TextLineReader",
    "TextLineReaderV2", "TFRecordReader", "TFRecordReaderV2", "FixedLengthRecordReader", "FixedLengthRecordReaderV2",
    "TextLineDataset", "TFRecordDataset", "TFRecordDatasetV2", "FixedLengthRecordDataset", "FixedLengthRecordDatasetV2",
    "InitializeTableFromTextFile", "InitializeTableFromTextFileV2", "LoadDataset", "SaveDataset",
}  # fmt: skip
# What reads data sets, talks to other machines or the debugger's files: an export has no use for any of it.
_OUTSIDE_OPS = re.compile(
    r"\w*(Dataset|Iterator|Snapshot|Reader)\w*|_?(Send|Recv|HostSend|HostRecv)|Rpc\w*|Collective\w*|DumpTensor|RecordInput"
    r"|LoadAndRemapMatrix|GenerateVocabRemapping|ImmutableConst|FileSystemSetConfiguration|CalibrationStatisticsSaver"
    r"|DistributedSave|DTensorRestoreV2|TPU\w*"
)
_CHECKPOINT_OPS = {"Save", "SaveV2", "SaveSlices", "Restore", "RestoreV2", "RestoreSlice", "MergeV2Checkpoints"}
_PRINT_AND_DEBUG_OPS = re.compile(
    r"Print|PrintV2|Debug\w*|CheckNumerics\w*|\w*Summary\w*|Copy|CopyHost|RemoteCall|PyClient\w*"
)
_XLA_OPS = re.compile(r"Xla\w*|_XlaCompile|_XlaRun")
# The only places where reading and writing a checkpoint belongs: what SavedModel itself adds for its variables.
_CHECKPOINT_FUNCTIONS = re.compile(r"__inference__traced_(save|restore)_\d+")
_REST_DTYPES = {"float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint32", "uint64", "bool", "string"}
_PREDICT_METHOD = "tensorflow/serving/predict"


def _condemn_node(op: str, in_checkpoint_function: bool) -> str | None:
    if op in _PYTHON_OPS:
        return "needs Python"
    if _XLA_OPS.fullmatch(op):
        return "needs XLA, which TensorFlow Serving switches off"
    if op in _FILE_OPS or (op in _CHECKPOINT_OPS and not in_checkpoint_function):
        return "reads or writes files"
    if _OUTSIDE_OPS.fullmatch(op):
        return "reads data sets or talks to other machines"
    if _PRINT_AND_DEBUG_OPS.fullmatch(op):
        return "prints or debugs"
    return None


def check_operations(graph_def) -> tuple[list[str], list[str]]:
    """Returns what is wrong with the ops of a graph and its function library, and the kinds of op used."""
    library = {function.signature.name: function for function in graph_def.library.function}
    places = [("graph", graph_def.node), *((name, function.node_def) for name, function in library.items())]
    problems, kinds = set(), set()
    for place, nodes in places:
        is_checkpoint_function = bool(_CHECKPOINT_FUNCTIONS.fullmatch(place))
        for node in nodes:
            if node.op in library:
                pass
            elif op_def_registry.get(node.op) is None:
                problems.add(f"op {node.op} is not registered in TensorFlow itself ({node.name} in {place})")
            elif reason := _condemn_node(node.op, is_checkpoint_function):
                problems.add(f"op {node.op} {reason} ({node.name} in {place})")
            if "_XlaMustCompile" in node.attr and node.attr["_XlaMustCompile"].b:
                problems.add(f"{node.name} in {place} must be compiled by XLA: jit_compile=True inside a signature")
            kinds.add(node.op)
    for name, function in library.items():
        if "_XlaMustCompile" in function.attr and function.attr["_XlaMustCompile"].b:
            problems.add(f"function {name} must be compiled by XLA: jit_compile=True inside a signature")
    return sorted(problems), sorted(kinds - library.keys())


def check_variables(directory: Path, graph_def, num_parameters: int) -> tuple[list[str], list[str], int]:
    """Returns problems and notes about the stored variables, and how many numbers they hold."""
    problems, notes = [], []
    reader = tf.train.load_checkpoint(str(directory / "variables" / "variables"))
    shapes = {key: shape for key, shape in reader.get_variable_to_shape_map().items() if not key.startswith("_CHECK")}
    num_stored = sum(math.prod(shape) for shape in shapes.values())
    slots = [key for key in shapes if "optimizer" in key.lower() or ".OPTIMIZER_SLOT" in key]
    if slots:
        problems.append(f"{len(slots)} variables of an optimizer are stored, such as {min(slots)}")
    # A tracked keras.Variable is written as a second handle, with an assignment of its own.
    doubled = [node.name for node in graph_def.node if node.op == "AssignVariableOp"]
    if doubled:
        problems.append(
            f"{len(doubled)} variables have a second handle that is initialised apart, such as {doubled[0]}"
        )
    by_content = {}
    for key in sorted(shapes):
        value = reader.get_tensor(key)
        if value.size > 1 and not (value == value.flat[0]).all():
            by_content.setdefault((value.shape, value.tobytes()), []).append(key)
    problems += [f"the same weights are stored {len(keys)} times: {keys}" for keys in by_content.values() if keys[1:]]
    if num_stored > num_parameters:
        problems.append(f"{num_stored} numbers are stored for a model of {num_parameters} parameters")
    elif num_stored < num_parameters:
        notes.append(f"{num_parameters - num_stored} of {num_parameters} parameters are used by no signature")
    return problems, notes, num_stored


def check_signatures(signature_def, reference: dict) -> list[str]:
    """Returns what is wrong with the inputs and outputs of the signatures."""
    problems = []
    names = {name for name in signature_def if not name.startswith("__")}
    if "serving_default" not in names:
        problems.append("there is no signature serving_default")
    if names != reference["signatures"].keys():
        problems.append(f"signatures are {sorted(names)}, the reference has {sorted(reference['signatures'])}")
    for name in sorted(names):
        signature = signature_def[name]
        if signature.method_name != _PREDICT_METHOD:
            problems.append(
                f"{name}: the method is {signature.method_name!r}, the Predict call wants {_PREDICT_METHOD!r}"
            )
        for side, infos in (("input", signature.inputs), ("output", signature.outputs)):
            for key in sorted(infos):
                place, shape = f"{name}, {side} {key}", infos[key].tensor_shape
                dtype = tf.dtypes.as_dtype(infos[key].dtype).name
                if infos[key].WhichOneof("encoding") != "name":
                    problems.append(f"{place}: is no plain tensor (ragged or sparse)")
                if dtype not in _REST_DTYPES:
                    problems.append(f"{place}: {dtype} cannot be sent by REST")
                if not shape.unknown_rank and not shape.dim:
                    problems.append(f"{place}: is a scalar; the first dimension must be the batch")
                elif shape.unknown_rank and side == "input":
                    problems.append(f"{place}: has no known rank")
                elif shape.dim and shape.dim[0].size != -1:
                    problems.append(f"{place}: takes batches of {shape.dim[0].size} only")
        for request in reference["signatures"].get(name, []):
            if request["inputs"].keys() != signature.inputs.keys():
                problems.append(f"{name}: inputs are {sorted(signature.inputs)}, asked for {sorted(request['inputs'])}")
                continue
            for key, value in request["inputs"].items():
                wanted = "string" if value.dtype == object else value.dtype.name
                dtype = tf.dtypes.as_dtype(signature.inputs[key].dtype).name
                if dtype != wanted:
                    problems.append(f"{name}, input {key}: takes {dtype}, the reference requests send {wanted}")
    return sorted(set(problems))


def paths_of_this_machine() -> list[str]:
    """Returns the folders that would tell where an export was made."""
    folders = [Path.cwd(), Path.home(), Path(sys.prefix), Path(tempfile.gettempdir()), Path(tf.__file__).parent]
    folders += [folder.resolve() for folder in folders]
    # Folders right below the root get a slash after them, so that only a path matches; "/" itself says nothing.
    system = {Path("/"), Path("/usr"), Path("/usr/local")}
    return sorted({f"{folder}{os.sep if len(folder.parts) < 3 else ''}" for folder in folders if folder not in system})


def check_files(directory: Path, forbidden: list[str], max_bytes: int | None) -> tuple[list[str], int]:
    """Returns what is wrong with the files as such, and their size together in bytes."""
    problems, num_bytes = [], 0
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        content = path.read_bytes()
        num_bytes += len(content)
        found = [text for text in forbidden if text.encode() in content or text in str(path.relative_to(directory))]
        problems += [f"{path.relative_to(directory)}: holds {text!r}, a path of this machine" for text in found]
    if max_bytes is not None and num_bytes > max_bytes:
        problems.append(f"the export has {num_bytes:,} bytes, the limit is {max_bytes:,}")
    return problems, num_bytes


def find_problems(directory: Path, options: dict) -> dict:
    """Returns the failures, notes and facts of an export."""
    reference = reference_format.load_reference(directory)
    saved_model = saved_model_pb2.SavedModel.FromString((directory / "saved_model.pb").read_bytes())
    failures, notes, kinds, num_stored = [], [], set(), 0
    serving = [graph for graph in saved_model.meta_graphs if "serve" in graph.meta_info_def.tags]
    if len(saved_model.meta_graphs) != 1 or not serving:
        failures.append("wants one meta graph, tagged serve")
    for meta_graph in serving:
        problems, used = check_operations(meta_graph.graph_def)
        failures += problems
        kinds.update(used)
        problems, remarks, num_stored = check_variables(directory, meta_graph.graph_def, reference["num_parameters"])
        failures += problems
        notes += remarks
        failures += check_signatures(meta_graph.signature_def, reference)
    forbidden = [*options.get("forbidden", []), *paths_of_this_machine()]
    max_bytes = options.get("max_bytes", reference["max_bytes"])
    problems, num_bytes = check_files(directory, forbidden, max_bytes)
    facts = {"num_bytes": num_bytes, "num_stored": num_stored, "operations": sorted(kinds)}
    return {"failures": failures + problems, "notes": notes, "facts": facts}


if __name__ == "__main__":
    print_results(find_problems)
