"""An end for what may wait for ever, deaf to signals and with Python's lock in its hands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_WATCH = """
import os, select, signal, sys
seconds, process, message = sys.argv[1:]
if not select.select([sys.stdin], [], [], float(seconds))[0]:
    os.write(2, message.encode())
    os.kill(int(process), signal.SIGKILL)
"""


@contextmanager
def killed_after(seconds: float, message: str) -> Iterator[None]:
    """Kills this process with a message, unless what is done inside is done in time.

    Neither a signal nor a thread of this process would be served while a call into a library holds Python's lock;
    so another process watches. It ends with this one.

    Args:
        seconds: How long it may take.
        message: What to write to stderr, as it is when this is entered.
    """
    command = [sys.executable, "-I", "-S", "-c", _WATCH, str(seconds), str(os.getpid()), message]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True) as watch:  # noqa: S603
        try:
            yield
        finally:
            watch.stdin.close()
