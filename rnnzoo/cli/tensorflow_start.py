"""Starting TensorFlow without its chatter on the user's terminal."""

import os
import sys
import tempfile


def start_tensorflow() -> None:
    """Imports TensorFlow and wakes its runtime, keeping from stderr what it says while it starts.

    Environment variables do not silence all of it without changing the kernels that run. If the import
    fails, everything is shown.
    """
    if "tensorflow" in sys.modules:
        return
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    terminal = os.dup(2)
    with tempfile.TemporaryFile() as chatter:
        os.dup2(chatter.fileno(), 2)
        try:
            import tensorflow as tf

            tf.constant(0) + 1  # the CPU's features are told at the first op
        except BaseException:
            os.dup2(terminal, 2)
            chatter.seek(0)
            sys.stderr.write(chatter.read().decode(errors="replace"))
            raise
        finally:
            os.dup2(terminal, 2)
            os.close(terminal)
    import absl.logging

    absl.logging.set_verbosity(absl.logging.ERROR)
    # Among them a warning about retracing: one step is traced for each shape on purpose.
    tf.get_logger().setLevel("ERROR")
