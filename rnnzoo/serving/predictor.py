"""The interface that every way of asking a model shares."""

import abc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rnnzoo.config.errors import UserError
from rnnzoo.serving.answers import split_rows
from rnnzoo.serving.rows import Row, check_names, count_steps, join_rows, read_rows


@dataclass(frozen=True)
class TensorInfo:
    """An input or output of a signature.

    Attributes:
        dtype: Such as `string`, `int32`, `float32`.
        shape: The dimensions; None where they may vary. The first is the batch.
    """

    dtype: str
    shape: tuple[int | None, ...]


@dataclass(frozen=True)
class Signature:
    """What a signature takes and returns, by name.

    Attributes:
        inputs: The inputs.
        outputs: The outputs.
    """

    inputs: Mapping[str, TensorInfo]
    outputs: Mapping[str, TensorInfo]

    @property
    def text_inputs(self) -> list[str]:
        """The inputs that take one string a row, `text` and `prompt` first."""
        names = [name for name, info in self.inputs.items() if info.dtype == "string" and len(info.shape) == 1]
        return sorted(names, key=lambda name: (name not in ("text", "prompt"), name))


class Predictor(abc.ABC):
    """A model that answers, wherever it runs."""

    @abc.abstractmethod
    def signatures(self) -> dict[str, Signature]:
        """Returns what can be asked, by name."""

    @abc.abstractmethod
    def _run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature on checked arrays; strings are object arrays of bytes, also in the answer."""

    def identity(self) -> str:
        """Returns what tells this model and version from others, so that their answers are not mixed."""
        return type(self).__name__

    def signature(self, name: str) -> Signature:
        """Returns one signature.

        Raises:
            UserError: There is none of that name.
        """
        known = self.signatures()
        if name not in known:
            raise UserError("no such signature", key="signature", got=name, allowed=sorted(known))
        return known[name]

    def call(self, signature: str, /, **inputs: Any) -> dict[str, np.ndarray]:
        """Runs a signature on one batch.

        Args:
            signature: The signature's name.
            **inputs: For each input an array or nested lists; the first dimension is the batch.

        Returns:
            An array for each output; strings as object arrays of `str`.

        Raises:
            UserError: The signature or an input does not exist, is missing or does not fit.
        """
        answer = self._run(signature, make_arrays(self.signature(signature), inputs))
        # In the order of their names, whoever answers: in a SavedModel they have none.
        return {
            name: _map_strings(_decode_string, value) if value.dtype == object else value
            for name, value in sorted(answer.items())
        }

    def predict(
        self, rows: Sequence[Row], signature: str = "serving_default", batch_size: int = 64, **settings: Any
    ) -> list[dict[str, Any]]:
        """Answers any number of rows.

        Args:
            rows: Texts, for the signature's input `text` or `prompt`, or its only string input; or dictionaries of
                inputs by name, in which sequences may be of any length, and `length` may be left out.
            signature: The signature's name.
            batch_size: How many rows are run together; rows of like length are put together.
            **settings: The signature's other inputs, each one value for all rows, or a list of one a row.

        Returns:
            A dictionary of plain Python values for each row, in the order of the rows. Sequences
            are cut to their `length`; `classes` and `probabilities` become one dictionary.

        Raises:
            UserError: A row does not fit the signature, or a setting does not.
        """
        known = self.signature(signature)
        if isinstance(rows, str | Mapping):
            raise UserError("wants a list of texts or rows, not a single one", key=signature, got=rows)
        if batch_size < 1:
            raise UserError("must be at least 1", key="batch_size", got=batch_size)
        inputs = read_rows(known, signature, list(rows), settings)
        order = sorted(range(len(inputs)), key=lambda place: count_steps(inputs[place]))
        answers: list[dict[str, Any]] = [{} for _ in inputs]
        for start in range(0, len(order), batch_size):
            places = order[start : start + batch_size]
            batch = join_rows(known, [inputs[place] for place in places])
            for place, answer in zip(places, split_rows(self.call(signature, **batch)), strict=True):
                answers[place] = answer
        return answers


def _encode_string(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a string")
    # A lone surrogate becomes broken UTF-8, which the graph replaces.
    return value.encode("utf-8", "surrogatepass")


def _map_strings(function: Callable[[Any], Any], values: np.ndarray) -> np.ndarray:
    mapped = np.empty(values.size, dtype=object)
    mapped[:] = [function(value) for value in values.flat]
    return mapped.reshape(values.shape)


def _decode_string(value: bytes) -> str:
    return value.decode("utf-8", "replace")


def _make_array(value: Any, info: TensorInfo) -> np.ndarray:
    if info.dtype != "string":
        given = np.asarray(value)
        wanted = np.dtype(info.dtype)
        if given.size and not np.can_cast(given.dtype, wanted, "same_kind"):
            raise TypeError(f"{given.dtype} values cannot become {wanted}")
        if given.size and wanted.kind in "iu":
            limits = np.iinfo(wanted)
            if given.min() < limits.min or given.max() > limits.max:
                raise ValueError(f"a value lies outside {limits.min} to {limits.max}")
        return given.astype(wanted)
    return _map_strings(_encode_string, np.array(value, dtype=object))


def make_arrays(signature: Signature, inputs: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Returns the inputs as arrays that fit a signature; strings as object arrays of bytes.

    Args:
        signature: What they must fit.
        inputs: An array or nested lists by input name.

    Raises:
        UserError: An input is unknown, is missing, or has the wrong dtype or shape.
    """
    check_names(signature, inputs)
    arrays = {}
    for name, info in signature.inputs.items():
        try:
            array = _make_array(inputs[name], info)
        except (TypeError, ValueError) as error:
            raise UserError(f"cannot be a {info.dtype} tensor: {error}", key=name) from error
        fits = array.ndim == len(info.shape) and all(
            wanted in (None, got) for wanted, got in zip(info.shape, array.shape, strict=True)
        )
        if not fits:
            shape = ", ".join("any" if size is None else str(size) for size in info.shape)
            raise UserError("has the wrong shape", key=name, got=array.shape, allowed=f"({shape})")
        arrays[name] = array
    num_rows = {name: len(array) for name, array in arrays.items()}
    if len(set(num_rows.values())) > 1:
        raise UserError("the inputs have unlike numbers of rows", got=num_rows)
    return arrays
