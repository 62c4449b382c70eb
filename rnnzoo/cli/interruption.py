"""Ctrl-C and SIGTERM: the command ends within seconds, wherever it is, and says how to go on."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable

# Longer than anything takes that tidies up after itself; with the end of the process still below five seconds.
_SECONDS_TO_UNWIND = 3.5
_NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM, which ends a command as Ctrl-C does."""


class _State:
    """What the handlers and the watching thread share."""

    received: int | None = None
    advice: str | Callable[[], str] = ""
    is_handling = False
    is_watching = False


def handle_signals() -> None:
    """Makes SIGTERM unwind the command as Ctrl-C does, and remembers which of the two came."""
    _State.is_handling = True
    for number in _NUMBERS:
        # What a shell starts in the background is to go on at a Ctrl-C.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _unwind)


def end_soon() -> None:
    """From now on ends the process some seconds after a signal, also from inside a long call into a library.

    There Python handles no signal until the call returns. All that is kept is written beside its place and renamed,
    so nothing is damaged. A second signal ends it at once. Does nothing unless `handle_signals` was called.
    """
    if not _State.is_handling or _State.is_watching:
        return
    _State.is_watching = True
    # Stderr may be kept from the terminal while libraries start.
    terminal = os.dup(2)
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    # Python writes the signal's number to it as soon as the signal comes.
    signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reader, writer, terminal), daemon=True).start()


def leave(code: object) -> None:
    """Ends the process at once where a signal came after `end_soon`: to take a library down in order may take long."""
    if _State.is_watching and _State.received is not None and isinstance(code, int):
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def advise(advice: str | Callable[[], str]) -> None:
    """Sets what the user is told from now on if the command is interrupted: how to go on, or a function that says."""
    _State.advice = advice


def exit_code(error: BaseException | None = None) -> int | None:
    """Returns the exit code of an interrupted command, None where no signal came.

    Args:
        error: What the command ended with. A library may have made another exception of the signal's.
    """
    if _State.received is not None:
        return 128 + _State.received
    return 128 + signal.SIGINT if isinstance(error, KeyboardInterrupt) else None


def describe() -> str:
    """Returns the line that an interrupted command ends with."""
    try:
        advice = _State.advice() if callable(_State.advice) else _State.advice
    except OSError:
        advice = ""
    return f"stopped; {advice}" if advice else "stopped"


def _unwind(number: int, _frame: object) -> None:
    _State.received = number
    raise KeyboardInterrupt if number == signal.SIGINT else Terminated


def _watch(reader: socket.socket, _writer: socket.socket, terminal: int) -> None:
    number = 0
    while number not in _NUMBERS:
        number = reader.recv(1)[0]
    if signal.getsignal(number) is not _unwind:
        return  # whoever put a handler of its own there ends in order
    reader.settimeout(_SECONDS_TO_UNWIND)
    try:
        again = 0
        while again not in _NUMBERS:
            again = reader.recv(1)[0]
    except TimeoutError:
        pass
    show_cursor = "\x1b[?25h" if os.isatty(terminal) else ""
    os.write(terminal, f"{show_cursor}\n{describe()}\n".encode(errors="replace"))
    os._exit(128 + number)
