"""Giving back the memory of what is no longer used."""

import contextlib
import ctypes
import functools
import gc
from collections.abc import Callable


def gives_memory_back(function: Callable) -> Callable:
    """Makes a function free, when it is done, what it traced and built.

    Graphs refer to themselves in circles, which Python by itself looks for too seldom: one that is some hundred
    thousand objects large is left until as many more have been made.
    """

    @functools.wraps(function)
    def run(*arguments, **named_arguments):
        try:
            return function(*arguments, **named_arguments)
        finally:
            gc.collect()
            # Glibc keeps what was freed between things still in use; other systems have no such function.
            with contextlib.suppress(OSError, AttributeError, TypeError):
                ctypes.CDLL(None).malloc_trim(0)

    return run
