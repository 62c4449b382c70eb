"""What a run says while it works: progress for people, lines for logs, curves for TensorBoard."""

import shutil

import keras
import tensorflow as tf
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rnnzoo.config.atomic_files import replace_atomically
from rnnzoo.evaluation import plot_curves
from rnnzoo.training.run_folder import RunFolder


class Reporter:
    """Says things on the terminal and in the run's `log.txt`.

    Args:
        folder: The run's folder.
        console: The terminal.
    """

    def __init__(self, folder: RunFolder, console: Console):
        self.console = console
        self._log = folder.path / "log.txt"

    def say(self, message: str) -> None:
        """Writes a line."""
        self.console.print(message, markup=False, highlight=False, soft_wrap=True)
        self.log(message)

    def log(self, message: str) -> None:
        """Writes a line to `log.txt` alone."""
        with self._log.open("a", encoding="utf-8") as log:
            log.write(message + "\n")


class SilentReporter(Reporter):
    """Says nothing: for a process that is not the one that writes."""

    def __init__(self):
        self.console = Console(quiet=True)

    def log(self, message: str) -> None:
        pass


class ProgressReport(keras.callbacks.Callback):
    """A progress bar within the epoch on a terminal, and a line an epoch everywhere.

    Args:
        reporter: Where to say it.
        num_epochs: Most epochs of the run.
        num_batches: Batches of an epoch.
    """

    def __init__(self, reporter: Reporter, num_epochs: int, num_batches: int):
        super().__init__()
        self._reporter = reporter
        self._num_epochs = num_epochs
        self._num_batches = num_batches
        self._bar: Progress | None = None

    def on_epoch_begin(self, epoch, logs=None):
        if self._reporter.console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("loss {task.fields[loss]:.4f}"),
                TimeRemainingColumn(),
                console=self._reporter.console,
                transient=True,
            )
            self._row = self._bar.add_task(f"epoch {epoch + 1}/{self._num_epochs}", total=self._num_batches, loss=0.0)
            self._bar.start()

    def on_train_batch_end(self, batch, logs=None):
        if self._bar:
            self._bar.update(self._row, advance=1, loss=logs["loss"])

    def on_epoch_end(self, epoch, logs=None):
        self.close()
        figures = "  ".join(f"{name} {value:.4f}" for name, value in logs.items() if name != "seconds")
        self._reporter.say(f"epoch {epoch + 1}/{self._num_epochs}  {figures}  {logs['seconds']:.1f} s")

    def close(self) -> None:
        """Takes the bar off the terminal; also after an error."""
        if self._bar:
            self._bar.stop()
            self._bar = None


class CurveReport(keras.callbacks.Callback):
    """Keeps `history.json`, `curves.png` and TensorBoard's files up to date.

    Args:
        folder: The run's folder.
        history: The loop's history, one dictionary an epoch.
    """

    def __init__(self, folder: RunFolder, history: list[dict[str, float]]):
        super().__init__()
        self._folder = folder
        self._history = history
        self._writer = None

    def on_train_begin(self, logs=None):
        # A run that was killed may have curves of an epoch that it has no checkpoint of, or none of one that it has.
        curves = self._folder.path / "tensorboard"
        shutil.rmtree(curves, ignore_errors=True)
        self._writer = tf.summary.create_file_writer(str(curves))
        for epoch in self._history:
            self._write_scalars(epoch["epoch"], {name: value for name, value in epoch.items() if name != "epoch"})
        if self._history:
            self._folder.write_json("history.json", self._history)

    def on_epoch_end(self, epoch, logs=None):
        self._write_scalars(epoch + 1, logs)
        self._folder.write_json("history.json", self._history)

    def on_train_end(self, logs=None):
        if self._history:
            with replace_atomically(self._folder.path / "curves.png") as beside:
                plot_curves(self._history, beside)

    def _write_scalars(self, epoch: int, values: dict[str, float]) -> None:
        with self._writer.as_default():
            for name, value in values.items():
                tf.summary.scalar(name, value, step=epoch)
        self._writer.flush()
