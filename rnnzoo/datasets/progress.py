"""Letting somebody watch how far the reading of a data set is."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar

Advance = Callable[[int], None]
# From what is done, and how many examples there are if that is known, to what is told each time of some more.
Watcher = Callable[[str, int | None], AbstractContextManager[Advance]]


def _watch_nothing(activity: str, num_examples: int | None) -> AbstractContextManager[Advance]:
    return nullcontext(lambda num_read: None)


_watcher: ContextVar[Watcher] = ContextVar("watcher", default=_watch_nothing)


@contextmanager
def watch_reading(watcher: Watcher) -> Iterator[None]:
    """Has a watcher told of everything that is read meanwhile.

    Args:
        watcher: Is given what is done, such as "counting words", and the number of examples or None; returns a
            context manager whose value is called with the number of examples read since.

    Example:

    >>> @contextmanager
    ... def watch(activity, num_examples):
    ...     print(activity, num_examples)
    ...     yield lambda num_read: print("+", num_read)
    >>> with watch_reading(watch), tell_watcher("counting words", 1000) as advance:
    ...     advance(512)
    counting words 1000
    + 512
    """
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def tell_watcher(activity: str, num_examples: int | None) -> AbstractContextManager[Advance]:
    """Tells who watches what is begun now."""
    return _watcher.get()(activity, num_examples)
