"""How the processes of a cluster find each other before TensorFlow starts, and notice that one has gone.

TensorFlow's own engine waits for ever, deaf to signals, for a process that does not come. So all meet at the chief's
address first. The connections stay open: the system closes those of a process that ends, however it ends.
"""

import contextlib
import os
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable

from rnnzoo.config.errors import UserError
from rnnzoo.training.cluster import Cluster

_RETRY_SECONDS = 0.1
_GRACE_SECONDS = 2.0
_LEAVE_SECONDS = 15.0
_LONGEST_LINE = 200
# A machine that vanished says no farewell: it is given up after about 30 seconds.
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 4}
_TRY_AGAIN = "start all workers again with --resume; training goes on from the last checkpoint"


class LostWorkerError(UserError):
    """A process of the cluster did not come, or has gone. Nobody's mistake: the same command may be tried again."""

    exit_code = 75  # EX_TEMPFAIL of sysexits.h


class Meeting:
    """Open connections between the chief and all others.

    Args:
        cluster: The processes.
        connections: The chief's connections by rank, or that of another process to the chief, by rank 0.
        when_lost: What to do, in a thread of its own, when a process has gone; gets the complaint.
    """

    def __init__(
        self,
        cluster: Cluster,
        connections: dict[int, socket.socket],
        when_lost: Callable[[LostWorkerError], None] | None = None,
    ):
        self._cluster = cluster
        self._connections = connections
        # Of its own, since what the engine prints while it starts is kept from the other.
        terminal = os.dup(2)
        self._when_lost = when_lost or (lambda error: end_process(error, terminal))
        self._is_over = threading.Event()
        self._all_left = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Ends the watch: the chief tells the others that all is done, and they wait for that."""
        if self._cluster.is_chief:
            self._is_over.set()
            self._tell(b"done\n")
            self._all_left.wait(_LEAVE_SECONDS)
        else:
            # For hours, if the chief takes as long; when it goes, the watch ends this process.
            while not self._is_over.wait(1.0):
                pass

    def leave(self, patience: float = 0.0) -> None:
        """Closes the connections: the others notice that this process has gone.

        Args:
            patience: How many seconds to let the chief go first. What all have found wrong it is to say, and to write
                down, before it hears of a process that has gone.
        """
        self._is_over.set()
        if not self._cluster.is_chief:
            self._all_left.wait(patience)
        for connection in self._connections.values():
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def wait_for_loss(self, seconds: float) -> None:
        """Gives the watch time to say what an error of the engine was due to."""
        self._is_over.wait(seconds)

    def _tell(self, line: bytes) -> None:
        for connection in self._connections.values():
            with contextlib.suppress(OSError):
                connection.sendall(line)

    def _watch(self) -> None:
        with selectors.DefaultSelector() as selector:
            for rank, connection in self._connections.items():
                connection.settimeout(None)
                selector.register(connection, selectors.EVENT_READ, rank)
            while selector.get_map():
                for key, _ in selector.select():
                    line = _receive(key.fileobj)
                    if line == "done":
                        self._is_over.set()
                        return
                    if not line:
                        selector.unregister(key.fileobj)
                    if self._is_over.is_set():
                        continue
                    lost = line.removeprefix("lost ") if line.startswith("lost ") else key.data
                    self._tell(f"lost {lost}\n".encode())
                    self._when_lost(
                        LostWorkerError(
                            f"{self._cluster.describe(int(lost))} has gone",
                            hint=f"its own output says why; {_TRY_AGAIN}",
                        )
                    )
                    return
        self._all_left.set()


def end_process(error: LostWorkerError, terminal: int) -> None:
    """Says a complaint and ends this process at once: its main thread may be in the engine, and wait for ever."""
    # A progress bar hides the cursor.
    cursor = "\x1b[?25h" if os.isatty(terminal) else ""
    sys.stdout.flush()
    os.write(terminal, f"{cursor}Error: {error}\n".encode())
    os._exit(error.exit_code)


def meet(cluster: Cluster, seconds: float, when_lost: Callable[[LostWorkerError], None] | None = None) -> Meeting:
    """Waits until all processes of a cluster are there.

    Args:
        cluster: The processes.
        seconds: How long to wait for them.
        when_lost: As of `Meeting`.

    Raises:
        LostWorkerError: Somebody has not come.
        UserError: This process cannot listen at its address, or the chief is of another cluster.
    """
    deadline = time.monotonic() + seconds
    if cluster.is_chief:
        return Meeting(cluster, _await_others(cluster, deadline, seconds), when_lost)
    return Meeting(cluster, {0: _join_chief(cluster, deadline, seconds)}, when_lost)


def _await_others(cluster: Cluster, deadline: float, seconds: float) -> dict[int, socket.socket]:
    port = int(cluster.addresses[0].rpartition(":")[2])
    try:
        listener = socket.create_server(("", port), backlog=len(cluster.addresses))
    except OSError as error:
        raise UserError(
            f"this process cannot listen at its address: {error.strerror}",
            key="TF_CONFIG",
            got=cluster.addresses[0],
            hint="another program has the port, or a worker that was not ended",
        ) from None
    came: dict[int, socket.socket] = {}
    with listener, selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while len(came) < len(cluster.addresses) - 1:
            if time.monotonic() > deadline:
                missing = [rank for rank in range(1, len(cluster.addresses)) if rank not in came]
                error = _missing_error(cluster, missing, seconds)
                for connection in came.values():
                    with contextlib.suppress(OSError):
                        connection.sendall(f"missing {' '.join(map(str, missing))}\n".encode())
                raise error
            for key, _ in selector.select(_RETRY_SECONDS):
                if key.fileobj is listener:
                    connection, _ = listener.accept()
                    connection.settimeout(_RETRY_SECONDS)
                    selector.register(connection, selectors.EVENT_READ)
                else:
                    _register(cluster, key.fileobj, came, selector)
        for connection in came.values():
            selector.unregister(connection)
            _keep_alive(connection)
    for connection in came.values():
        with contextlib.suppress(OSError):  # the watch will tell
            connection.sendall(b"begin\n")
    return came


def _register(
    cluster: Cluster, connection: socket.socket, came: dict[int, socket.socket], selector: selectors.BaseSelector
) -> None:
    """Reads who somebody is; forgets those who have gone, or who are none of ours."""
    words = _receive(connection).split()
    is_ours = len(words) == 3 and words[0] == "rnnzoo" and words[2].isdecimal()
    rank = int(words[2]) if is_ours else 0
    if is_ours and words[1] == cluster.fingerprint and 0 < rank < len(cluster.addresses):
        before = came.pop(rank, None)
        if before:
            selector.unregister(before)
            before.close()
        came[rank] = connection
        return
    if is_ours:
        with contextlib.suppress(OSError):
            connection.sendall(b"refused\n")
    for rank in [rank for rank, known in came.items() if known is connection]:
        del came[rank]
    selector.unregister(connection)
    connection.close()


def _join_chief(cluster: Cluster, deadline: float, seconds: float) -> socket.socket:
    host, _, port = cluster.addresses[0].rpartition(":")
    reached = False
    while (left := deadline - time.monotonic()) > 0:
        try:
            connection = socket.create_connection((host.strip("[]"), int(port)), timeout=max(0.1, min(left, 5.0)))
        except OSError:  # its name, too, may not be known yet
            reached = False
            time.sleep(min(_RETRY_SECONDS, left))
            continue
        reached = True
        try:
            _keep_alive(connection)
            connection.sendall(f"rnnzoo {cluster.fingerprint} {cluster.rank}\n".encode())
            # The chief, who knows who is missing, may have begun to wait a little later.
            connection.settimeout(left + _GRACE_SECONDS)
            answer = _receive(connection)
        except OSError:
            answer = ""
        if answer == "begin":
            return connection
        connection.close()
        if answer.startswith("missing"):
            raise _missing_error(cluster, [int(rank) for rank in answer.split()[1:]], seconds)
        if answer == "refused":
            raise UserError(
                "the chief is of another cluster, or this process is none of it",
                key="TF_CONFIG",
                got=list(cluster.addresses),
                hint="all workers need the same addresses in the same order",
            )
        # Somebody else's port, or a chief that has gone.
        time.sleep(_RETRY_SECONDS)
    if reached:
        raise LostWorkerError(
            f"not all {len(cluster.addresses)} workers have come within {seconds:g} seconds",
            hint="--wait-for-workers says how long to wait; the chief's output says who is missing",
        )
    raise _missing_error(cluster, [0], seconds)


def _missing_error(cluster: Cluster, missing: list[int], seconds: float) -> LostWorkerError:
    names = ", ".join(cluster.describe(rank) for rank in missing)
    have = "has" if len(missing) == 1 else "have"
    hint = "--wait-for-workers says how long to wait; all workers need the same TF_CONFIG but for their own place"
    return LostWorkerError(f"{names} {have} not come within {seconds:g} seconds", hint=hint)


def _keep_alive(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _receive(connection: socket.socket) -> str:
    """Returns the next line, "" where the connection has ended."""
    line = b""
    try:
        while not line.endswith(b"\n") and len(line) < _LONGEST_LINE:
            byte = connection.recv(1)
            if not byte:
                return ""
            line += byte
    except OSError:
        return ""
    return line.decode(errors="replace").strip()
