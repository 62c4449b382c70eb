"""Giving back the memory of what is no longer used."""

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

    return run
