"""An export that runs in this process."""

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from rnnzoo.config.errors import UserError
from rnnzoo.config.locations import find_saved_model
from rnnzoo.serving.predictor import Predictor, Signature, TensorInfo


@contextlib.contextmanager
def _without_gradient_warnings() -> Iterator[None]:
    # Exports leave gradients out on purpose, and TensorFlow would warn of it once a function.
    def keep(record: logging.LogRecord) -> bool:
        return "custom gradients" not in record.getMessage()

    logger = logging.getLogger("absl")
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)


def _describe(spec) -> TensorInfo:
    shape = () if spec.shape.rank is None else tuple(spec.shape.as_list())
    return TensorInfo(spec.dtype.name, shape)


class LocalPredictor(Predictor):
    """A SavedModel loaded with TensorFlow.

    Args:
        path: The version folder.
    """

    def __init__(self, path: str | Path):
        import tensorflow as tf

        self.path = Path(path)
        try:
            # The functions live only as long as the object they were loaded with.
            with _without_gradient_warnings():
                self._loaded = tf.saved_model.load(str(path))
        except (OSError, ValueError, tf.errors.OpError) as error:
            raise UserError(f"TensorFlow cannot load the model: {error}", file=path) from error
        self._functions = dict(self._loaded.signatures)
        self._signatures = {
            name: Signature(
                {key: _describe(spec) for key, spec in sorted(function.structured_input_signature[1].items())},
                {key: _describe(spec) for key, spec in sorted(function.structured_outputs.items())},
            )
            for name, function in sorted(self._functions.items())
        }

    def identity(self) -> str:
        """Returns the folder, and when its model was written."""
        return f"{self.path.resolve()} of {(self.path / 'saved_model.pb').stat().st_mtime_ns}"

    def signatures(self) -> dict[str, Signature]:
        """Returns what can be asked, by name."""
        return dict(self._signatures)

    def _run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        import tensorflow as tf

        infos = self._signatures[signature].inputs
        tensors = {name: tf.constant(value, infos[name].dtype) for name, value in inputs.items()}
        return {name: np.asarray(value.numpy()) for name, value in self._functions[signature](**tensors).items()}


def load(name_or_path: str | Path) -> LocalPredictor:
    """Loads an export: `load("pos/ud_ewt")`, or a path.

    Args:
        name_or_path: A row name, looked up in `./saved_models` and then among the exports shipped
            with the package; a version folder; or the folder above it, for the newest version.

    Raises:
        UserError: There is no such export, or TensorFlow cannot load it.
    """
    return LocalPredictor(find_saved_model(str(name_or_path)))
