"""Losses, gradients and weights that are no finite numbers: training stops, and leaves what shows why."""

import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from rnnzoo.config import RunConfig, UserError
from rnnzoo.config.atomic_files import write_atomically
from rnnzoo.config.schema import TrainSection
from rnnzoo.datasets import EXAMPLE_INDEX
from rnnzoo.training.run_folder import RunFolder

if TYPE_CHECKING:
    from rnnzoo.tasks.splits import Split

_REPORT = "bad_number.json"
_BATCH = "bad_batch.npz"


class BadNumberError(UserError):
    """A number that training cannot go on from.

    Args:
        what: What is not finite, in words.
        train: The `[train]` section.
        figures: Where it was and what was measured there, by name.
        batch: The batch that it came from; None where it cannot be told.

    Attributes:
        report: What, where and what to do about it, for the run folder.
        batch: As given.
    """

    def __init__(
        self,
        what: str,
        train: TrainSection,
        figures: Mapping[str, Any],
        batch: Mapping[str, np.ndarray] | None = None,
    ):
        key, hint = _propose(train)
        self.report = {"problem": what, **figures}
        self.batch = batch
        got = getattr(train, key.partition(".")[2])
        super().__init__(f"{what}; training stops, the last checkpoint is kept", key=key, got=got, hint=hint)


def check_step(
    loss: float,
    norm: float,
    batch: Mapping[str, np.ndarray],
    train: TrainSection,
    *,
    epoch: int,
    number: int,
    step: int,
) -> None:
    """Checks what a training step gave.

    Args:
        loss: The summed loss.
        norm: The norm of the gradient before it is clipped.
        batch: The arrays of the batch.
        train: The `[train]` section.
        epoch: The epoch, counted from 1.
        number: The batch in the epoch, counted from 1.
        step: The step in the run, counted from 1.

    Raises:
        BadNumberError: One of them is not finite.
    """
    if math.isfinite(loss) and math.isfinite(norm):
        return
    name = "norm of the gradient" if math.isfinite(loss) else "loss"
    value = norm if math.isfinite(loss) else loss
    figures = {"step": step, "epoch": epoch, "batch": number, "loss": str(loss), "gradient_norm": str(norm)}
    where = f"at step {step} (epoch {epoch}, batch {number}; loss {loss:.4g}, norm of the gradient {norm:.4g})"
    raise BadNumberError(f"the {name} is {value} {where}", train, figures, batch)


def check_weights(variables: Iterable[Any], train: TrainSection, epoch: int) -> None:
    """Checks the weights after an epoch, counted from 1, before they become a checkpoint.

    Raises:
        BadNumberError: One is not finite.
    """
    for variable in variables:
        if not np.isfinite(variable.numpy()).all():
            raise BadNumberError(
                f"the weights `{variable.path}` are not finite after epoch {epoch}", train, {"epoch": epoch}
            )


def check_score(score: Iterable[float], train: TrainSection, epoch: int) -> None:
    """Checks the validation score of an epoch, counted from 1.

    Raises:
        BadNumberError: It is not a number: no epoch would be better, or worse.
    """
    if any(map(math.isnan, score)):
        raise BadNumberError(f"the validation score is nan after epoch {epoch}", train, {"epoch": epoch})


def save_bad_number(error: BadNumberError, folder: RunFolder, config: RunConfig, train: "Split") -> UserError:
    """Writes what was found to `bad_number.json`, and the batch to `bad_batch.npz`.

    Args:
        error: What stopped the run.
        folder: The run's folder.
        config: The run's config.
        train: The examples that were trained on, whose texts are saved where they are texts.

    Returns:
        The same complaint, which says where to look.
    """
    report = {**error.report, "config": config.model_dump()}
    if error.batch is not None:
        buffer = io.BytesIO()
        np.savez(buffer, **error.batch)
        write_atomically(folder.path / _BATCH, buffer.getvalue())
        report["texts"] = _read_texts(error.batch, train)
    folder.write_json(_REPORT, report)
    return error.in_file(folder.path / _REPORT)


def check_resumable(folder: RunFolder, config: RunConfig, say: Callable[[str], None]) -> None:
    """Checks on resuming that the run would not stop again where it was stopped by a bad number.

    Where its config was changed since, the run goes on, and what was saved of the bad number is removed.

    Raises:
        UserError: The run was stopped by a bad number, and its config is the same.
    """
    if not (folder.path / _REPORT).is_file():
        return
    report = folder.read_json(_REPORT)
    changed = list(_find_changes(report["config"], config.model_dump()))
    if not changed:
        key, hint = _propose(config.train)
        hint = f"change {folder.path / 'config.toml'} and resume again, or train anew with --set: {hint}"
        raise UserError(
            f"the run was stopped, and would be again: {report['problem']}",
            file=folder.path / _REPORT,
            key=key,
            hint=hint,
        )
    say(f"the run was stopped ({report['problem']}); it goes on with another {', '.join(changed)}")
    for name in (_BATCH, _REPORT):
        (folder.path / name).unlink(missing_ok=True)


def _propose(train: TrainSection) -> tuple[str, str]:
    """Returns the key to look at first, and a hint."""
    hint = "a smaller train.learning_rate or more train.warmup_steps"
    if not train.gradient_clip_norm:
        return "train.gradient_clip_norm", f"clip gradients, such as to 1.0 (0 is off), or try {hint}"
    return "train.learning_rate", f"try {hint}, or a smaller train.gradient_clip_norm"


def _read_texts(batch: Mapping[str, np.ndarray], train: "Split") -> list[str]:
    if EXAMPLE_INDEX not in batch:
        return []
    inputs = train.read_inputs()
    chosen = [inputs[place] for place in batch[EXAMPLE_INDEX] if 0 <= place < len(inputs)]
    return [text.decode("utf-8", "replace") for text in chosen if isinstance(text, bytes)]


def _find_changes(before: Mapping[str, Any], now: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in now.items():
        if isinstance(value, Mapping) and isinstance(before.get(name), Mapping):
            yield from _find_changes(before[name], value, f"{prefix}{name}.")
        elif name not in before or before[name] != value:
            yield prefix + name
