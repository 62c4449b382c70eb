"""Showing how far the reading of a large data set is."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.status import Status

# What is sooner done is not worth a line.
_QUIET_SECONDS = 2.0
_SECONDS_WORTH_TELLING = 30.0
_SECONDS_BETWEEN = 0.5


@contextmanager
def show_reading(console: Console, status: Status | None = None) -> Iterator[None]:
    """Shows on a terminal what is read meanwhile, and tells everywhere what took long.

    Args:
        console: Where to.
        status: What is shown already; None: nothing is.
    """
    from rnnzoo.datasets import watch_reading

    @contextmanager
    def watch(activity: str, num_examples: int | None):
        shown, num_read = status, 0
        start = told = time.monotonic()

        def advance(num_more: int) -> None:
            nonlocal shown, num_read, told
            num_read += num_more
            now = time.monotonic()
            if now - start < _QUIET_SECONDS or now - told < _SECONDS_BETWEEN:
                return
            told = now
            if shown is None:
                shown = console.status("")
                shown.start()
            rate = num_read / (now - start)
            left = f" of {num_examples:,}" if num_examples else ""
            rest = f", {_say_seconds((num_examples - num_read) / rate)} left" if num_examples else ""
            shown.update(f"{activity}: {min(num_read, num_examples or num_read):,}{left} examples{rest} …")

        try:
            yield advance
        finally:
            if shown is not None and shown is not status:
                shown.stop()
        seconds = time.monotonic() - start
        if seconds >= _SECONDS_WORTH_TELLING:
            line = f"{activity}: {min(num_read, num_examples or num_read):,} examples in {_say_seconds(seconds)}"
            console.print(line, highlight=False, markup=False, soft_wrap=True)

    with watch_reading(watch):
        yield


def _say_seconds(seconds: float) -> str:
    seconds = max(0, round(seconds))
    return f"{seconds // 60} min" if seconds >= 600 else f"{seconds} s"
