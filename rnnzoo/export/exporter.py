"""The exporter: any model and its signatures to a checked version folder for TensorFlow Serving."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rnnzoo.config.atomic_files import put_in_place, remove_leftovers, write_beside
from rnnzoo.config.errors import UserError
from rnnzoo.config.locations import served_name
from rnnzoo.export.checking import CheckReport, check_export
from rnnzoo.export.checks.reference_format import REFERENCE_FILE
from rnnzoo.export.graph_compaction import compact_saved_model
from rnnzoo.export.reference import compute_reference, write_reference
from rnnzoo.export.row_counts import refuse_unlike_rows
from rnnzoo.export.warmup import WARM_UP_FILE, write_warm_up

MAX_EXPORT_BYTES = 5_000_000
_EXTRA = "assets.extra"
# No export takes so long: what is older was left by one that was killed.
_SECONDS_UNTIL_LEFT = 86_400
_OWN_FILES = {WARM_UP_FILE, PurePosixPath(REFERENCE_FILE).name}


@dataclass(frozen=True)
class ExportResult:
    """An export that passed its checks.

    Attributes:
        path: The version folder.
        version: Its number.
        report: What the checks found.
    """

    path: Path
    version: int
    report: CheckReport


def _existing_versions(folder: Path) -> list[int]:
    # Every folder with a number for a name counts, also an empty one: the server would look at it.
    return [int(child.name) for child in folder.iterdir() if re.fullmatch(r"[0-9]+", child.name)]


def _check_arguments(signatures: Mapping, requests: Mapping, extra_files: Mapping, row_name: str) -> None:
    if not all(re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9_.-]*", part) for part in row_name.split("/")):
        raise UserError("not a row name", got=row_name, allowed="letters, digits, `_`, `-`, `.`, in parts split by `/`")
    if "serving_default" not in signatures:
        raise ValueError("there must be a signature called serving_default")
    missing = [name for name in signatures if not requests.get(name)]
    unknown = [name for name in requests if name not in signatures]
    if missing or unknown:
        raise ValueError(f"reference requests are missing for {missing}, and there are some for unknown {unknown}")
    for name in extra_files:
        path = PurePosixPath(name)
        if path.is_absolute() or not path.parts or ".." in path.parts or name in _OWN_FILES:
            raise ValueError(f"not a name for an extra file: {name!r}")


def _make_folders(folder: Path) -> list[Path]:
    """Makes a folder and those above it; returns the ones that were not there, deepest first."""
    made = [path for path in [folder, *folder.parents] if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return made


def _write_saved_model(module, signatures: Mapping[str, Any], directory: Path) -> None:
    import tensorflow as tf

    functions = [function.get_concrete_function() for function in signatures.values()]
    # What is saved holds the variables that the functions read and the tables that they look up, and nothing else: by
    # way of a Keras model each weight would be written a second time, which a session never restores, and by way of
    # the module, or of Keras' ExportArchive, each function.
    root = tf.Module()
    root.weights = list({id(weight): weight for function in functions for weight in function.graph.variables}.values())
    root.tables = list(module._flatten(predicate=lambda part: isinstance(part, tf.lookup.StaticHashTable)))
    # Nobody trains an export; without the gradients of our layers it is smaller.
    options = tf.saved_model.SaveOptions(experimental_custom_gradients=False)
    tf.saved_model.save(root, str(directory), signatures=dict(signatures), options=options)
    compact_saved_model(directory)
    assets = directory / "assets"
    if assets.is_dir() and not any(assets.iterdir()):
        assets.rmdir()  # git would not keep it, and what is checked should be what is shipped


def _write_extra_files(directory: Path, extra_files: Mapping[str, str | bytes]) -> None:
    for name, content in extra_files.items():
        path = directory / _EXTRA / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)


def _publish(partial: Path, version: int | None) -> tuple[Path, int]:
    """Renames a finished folder to its version, the next one free unless given."""
    while True:
        number = max(_existing_versions(partial.parent), default=0) + 1 if version is None else version
        final = partial.with_name(str(number))
        try:
            put_in_place(partial, final)
        except OSError:
            # Another export took the number meanwhile: the next one is free.
            if version is None and final.exists():
                continue
            raise
        return final, number


def export_model(
    module,
    signatures: Mapping[str, Any],
    *,
    row_name: str,
    requests: Mapping[str, Sequence[Mapping[str, Any]]],
    extra_files: Mapping[str, str | bytes],
    num_parameters: int,
    root: str | Path = Path("saved_models"),
    version: int | None = None,
    max_bytes: int | None = MAX_EXPORT_BYTES,
) -> ExportResult:
    """Exports a model to `<root>/<row_name>/<version>/`, for TensorFlow Serving and the local predictor.

    The version appears under its number only after all checks passed (see `check_export`); if one
    fails, nothing is left behind.

    Args:
        module: A `tf.Module` that holds the Keras model and the lookup tables of the signatures.
        signatures: A `tf.function` with an `input_signature` by name, among them `serving_default`.
            Each takes and returns tensors whose first dimension is the batch; returns a dict.
        row_name: The zoo row or model, such as `pos/ud_ewt`.
        requests: For each signature, reference requests: nested lists by input name. Strings may be
            `str` or `bytes`. The first two also become warm-up requests.
        extra_files: Text or bytes by name, written to `assets.extra/`.
        num_parameters: How many weights the model has; more in the export means some are there twice.
        root: The folder of all exports.
        version: The version number; the next free one unless given.
        max_bytes: The size that all files together may have; None for no limit.

    Raises:
        ExportCheckError: A check failed.
        UserError: The version exists already, or a request does not fit its signature.
    """
    _check_arguments(signatures, requests, extra_files, row_name)
    folder = Path(root) / row_name
    if version is not None and folder.is_dir() and version in _existing_versions(folder):
        raise UserError("this version is there already", file=folder, got=version, hint="leave the version out")
    signatures = refuse_unlike_rows(signatures)
    answered = compute_reference(signatures, requests)
    name = served_name(row_name)
    made = _make_folders(folder)
    remove_leftovers(folder, _SECONDS_UNTIL_LEFT)
    try:
        # Servers that poll the folder skip every name that is no number.
        with write_beside(folder / "version") as partial:
            partial.mkdir()
            _write_saved_model(module, signatures, partial)
            _write_extra_files(partial, extra_files)
            (partial / _EXTRA).mkdir(exist_ok=True)
            write_reference(partial, answered, served_name=name, num_parameters=num_parameters, max_bytes=max_bytes)
            inputs = {signature: [request["inputs"] for request in of_one] for signature, of_one in answered.items()}
            write_warm_up(partial / _EXTRA, name, inputs)
            report = check_export(partial, forbidden=[partial.name])
            report.directory = folder
            report.raise_on_failures()
            report.directory, number = _publish(partial, version)
    except BaseException:
        for path in made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        raise
    return ExportResult(report.directory, number, report)
