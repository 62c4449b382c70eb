"""Starting TensorFlow without its chatter on the user's terminal."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from rnnzoo.cli.interruption import end_soon


def start_tensorflow(wakes_runtime: bool = True) -> None:
    """Imports TensorFlow and wakes its runtime, keeping from stderr what it says while it starts.

    Args:
        wakes_runtime: Whether to run a first op; False where something else has to come before it.
    """
    end_soon()
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with quiet_stderr():
        import tensorflow as tf

        if wakes_runtime:
            tf.constant(0) + 1  # the CPU's features are told at the first op
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)
    # Among them a warning about retracing: one step is traced for each shape on purpose.
    tf.get_logger().setLevel("ERROR")


@contextmanager
def quiet_stderr() -> Iterator[None]:
    """Keeps from stderr what libraries write to it, unless what is done inside fails: then everything is shown.

    Environment variables do not silence all of it without changing the kernels that run.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(terminal, 2)
            chatter.seek(0)
            sys.stderr.write(chatter.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
