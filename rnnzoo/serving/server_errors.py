"""What went wrong between a client and a server, and trying again where that helps."""

import random
from collections.abc import Callable
from time import sleep
from typing import TypeVar

from rnnzoo.config.errors import UserError
from rnnzoo.serving.model_address import ModelAddress

_Answer = TypeVar("_Answer")
_FIRST_PAUSE = 0.1  # seconds; twice as long after every further try
_LONGEST_PAUSE = 5.0


class UnavailableError(Exception):
    """A server that cannot be reached or is not ready, which may pass; the message says why."""


def retry(ask: Callable[[], _Answer], retries: int, address: ModelAddress) -> _Answer:
    """Returns what `ask` returns, asking again after a pause each time that it raises `UnavailableError`.

    Args:
        ask: What to do. It must not matter whether it is done twice.
        retries: How often to ask again.
        address: What is asked, for the message.

    Raises:
        UserError: The server stays unavailable.
    """
    for attempt in range(retries + 1):
        try:
            return ask()
        except UnavailableError as error:
            if attempt == retries:
                tries = "once" if retries == 0 else f"{retries + 1} times"
                raise UserError(
                    f"the server does not answer, tried {tries}: {error}",
                    file=address.url,
                    key=address.model,
                    hint="is it running, its REST port at 8501 and its gRPC port at 8500, and the model loaded?",
                ) from error
        # Clients that failed together shall not come back together.
        longest = min(_FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE)
        sleep(random.uniform(longest / 2, longest))  # noqa: S311
    raise AssertionError("unreachable")


def make_refusal(address: ModelAddress, status: str, message: str) -> UserError:
    """Returns the error for a request that a server refused.

    Args:
        address: What was asked.
        status: HTTP's or gRPC's name for it, such as `404` or `NOT_FOUND`.
        message: The server's words.
    """
    hint = None
    if status in ("404", "NOT_FOUND"):
        problem = "the server has no such model or version"
        hint = "models are served under their row names with `_` for `/`; `Client.status()` tells the versions"
    elif status in ("400", "INVALID_ARGUMENT", "FAILED_PRECONDITION", "OUT_OF_RANGE"):
        problem = "the server refuses the request"
        if "larger than maximum input batch size" in message:
            hint = "give the client the `max_batch_size` of the server's batching parameters"
        elif "version label" in message:
            hint = "labels are set in the server's models.config"
    else:
        problem = "the server failed"
    return UserError(f"{problem} ({status}): {message}", file=address.url, key=address.model, hint=hint)


def make_timeout(address: ModelAddress) -> UserError:
    """Returns the error for an answer that did not come in time."""
    hint = "give the client a longer `timeout`, or ask for less at once"
    return UserError(f"no answer within {address.timeout:g} seconds", file=address.url, key=address.model, hint=hint)
