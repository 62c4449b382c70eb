"""Who is timed."""

import importlib.util
from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """One way to run the same model.

    Attributes:
        name: Its name in the results.
        label: Its name in tables.
        layers: Whose recurrent layers: `keras`, `rnnzoo` or `torch`.
        cell: `simple_rnn`, `gru` or `lstm`.
        xla: Whether XLA compiles it.
        run_by: `function` (a compiled function of ours, the same for all), `fit` (Keras' own
            `train_on_batch`), `predict` (Keras' own), `session` (a SavedModel in a graph session) or `c_api`
            (a SavedModel in a session of TensorFlow's C library).
        packs: Whether PyTorch's bidirectional layers read packed sequences, where lengths differ.
    """

    name: str
    label: str
    layers: str
    cell: str = "simple_rnn"
    xla: bool = False
    run_by: str = "function"
    packs: bool = True


_ALL = (
    Peer("keras", "Keras", "keras"),
    Peer("keras_xla", "Keras, XLA", "keras", xla=True),
    Peer("keras_fit", "Keras, `train_on_batch`", "keras", run_by="fit"),
    Peer("rnnzoo", "rnnzoo", "rnnzoo"),
    Peer("rnnzoo_xla", "rnnzoo, XLA", "rnnzoo", xla=True),
    Peer("torch", "PyTorch", "torch"),
    Peer("torch_padded", "PyTorch, not packed", "torch", packs=False),
    Peer("keras_session", "Keras, exported", "keras", run_by="session"),
    Peer("rnnzoo_session", "rnnzoo, exported", "rnnzoo", run_by="session"),
    Peer("rnnzoo_c_api", "rnnzoo, C API", "rnnzoo", run_by="c_api"),
    Peer("keras_predict", "Keras, `predict` for each", "keras", run_by="predict"),
    Peer("keras_pipeline", "Keras, pipeline and `predict`", "keras", run_by="predict"),
    Peer("keras_gru", "Keras GRU", "keras", cell="gru"),
    Peer("keras_gru_xla", "Keras GRU, XLA", "keras", cell="gru", xla=True),
    Peer("torch_gru", "PyTorch GRU", "torch", cell="gru"),
    Peer("keras_lstm", "Keras LSTM", "keras", cell="lstm"),
    Peer("keras_lstm_xla", "Keras LSTM, XLA", "keras", cell="lstm", xla=True),
    Peer("torch_lstm", "PyTorch LSTM", "torch", cell="lstm"),
)
PEERS = {peer.name: peer for peer in _ALL}

TRAINING_PEERS = ("keras", "keras_xla", "keras_fit", "rnnzoo", "rnnzoo_xla", "torch")
REFERENCE_TRAINING_PEERS = ("keras_gru", "keras_gru_xla", "torch_gru", "keras_lstm", "keras_lstm_xla", "torch_lstm")
INFERENCE_PEERS = ("keras", "rnnzoo", "torch", "keras_session", "rnnzoo_session")
REFERENCE_INFERENCE_PEERS = ("keras_gru", "torch_gru", "keras_lstm", "torch_lstm")
SWEEP_PEERS = ("keras", "rnnzoo", "rnnzoo_xla", "torch")
END_TO_END_PEERS = ("keras", "rnnzoo", "torch")
GENERATION_PEERS = ("keras_predict", "rnnzoo_session", "torch")
TRANSLATOR_TRAINING_PEERS = ("keras_fit", "rnnzoo", "rnnzoo_xla", "torch", "torch_padded")
TRANSLATION_PEERS = ("rnnzoo_session", "torch")
SERVING_PEERS = ("rnnzoo_session", "rnnzoo_c_api", "keras_pipeline", "torch")

STOCK = ("keras", "keras_xla", "keras_fit")
OURS = ("rnnzoo", "rnnzoo_xla")


def available(names: tuple[str, ...]) -> list[Peer]:
    """Returns the peers of these names whose framework is installed."""
    has_torch = importlib.util.find_spec("torch") is not None
    return [PEERS[name] for name in names if has_torch or PEERS[name].layers != "torch"]
