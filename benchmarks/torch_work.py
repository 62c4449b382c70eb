"""What the PyTorch workers do: the same models with PyTorch's own layers, eagerly, on the processor."""

from typing import Any

import torch
from torch import nn

from benchmarks.batches import make_batch
from benchmarks.first_steps import measure_first_steps
from benchmarks.peers import PEERS
from benchmarks.shapes import Shape
from benchmarks.timing import time_steps

_CELLS = {"simple_rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class TorchModel(nn.Module):
    """The model of a shape; its output is logits, (batch, time, num_classes)."""

    def __init__(self, shape: Shape, cell: str):
        super().__init__()
        self._is_residual = shape.stack == "residual"
        width = shape.embedding
        self.embedding = (
            nn.Identity() if shape.float_features else nn.Embedding(shape.num_classes, shape.embedding, padding_idx=0)
        )
        self.projection = nn.Identity()
        if self._is_residual and width != shape.width:
            self.projection, width = nn.Linear(width, shape.width), shape.width
        layers = shape.num_layers if self._is_residual else 1
        self.layers = nn.ModuleList(
            _CELLS[cell](
                width,
                shape.units,
                num_layers=1 if self._is_residual else shape.num_layers,
                bidirectional=shape.bidirectional,
                batch_first=True,
            )
            for _ in range(layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(shape.width) for _ in range(layers + 1 if self._is_residual else 0))
        self.output = nn.Linear(shape.width, shape.num_classes)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Runs the model."""
        x = self.projection(self.embedding(inputs))
        for place, layer in enumerate(self.layers):
            x = x + layer(self.norms[place](x))[0] if self._is_residual else layer(x)[0]
        return self.output(self.norms[-1](x) if self._is_residual else x)


def set_threads(threads: int) -> None:
    """Sets PyTorch's numbers of threads; only before its first operation."""
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(threads)


class TrainingWork:
    """Training steps: forward, backward, Adam."""

    def __init__(self, peer: str, threads: int, shape: dict[str, Any]):
        set_threads(threads)
        torch.manual_seed(0)
        self._shape = Shape(**shape)
        self._model = TorchModel(self._shape, PEERS[peer].cell)
        self._optimizer = torch.optim.Adam(self._model.parameters(), fused=True)
        self._inputs, self._classes = (torch.from_numpy(array) for array in make_batch(self._shape))
        self._classes = self._classes.long().flatten()
        parameters = sum(parameter.numel() for parameter in self._model.parameters())
        self.facts = {"parameters": parameters, **measure_first_steps(self._step)}

    def answer(self, seconds: float) -> dict[str, Any]:
        """Times steps for a while."""
        return {"seconds": time_steps(self._step, seconds)}

    def _step(self) -> float:
        self._optimizer.zero_grad()
        logits = self._model(self._inputs).flatten(0, 1)
        loss = nn.functional.cross_entropy(logits, self._classes)
        loss.backward()
        self._optimizer.step()
        return loss.item()


class InferenceWork:
    """Forward passes, from arrays to arrays."""

    def __init__(self, peer: str, threads: int, shape: dict[str, Any], time: int):
        set_threads(threads)
        torch.manual_seed(0)
        self._shape, self._time = Shape(**shape), time
        self._model = TorchModel(self._shape, PEERS[peer].cell).eval()
        self.facts = {"parameters": sum(parameter.numel() for parameter in self._model.parameters())}

    def answer(self, batch: int, seconds: float) -> dict[str, Any]:
        """Times passes of a batch for a while."""
        inputs, _ = make_batch(self._shape, batch, self._time)

        def run():
            with torch.inference_mode():
                return self._model(torch.from_numpy(inputs)).numpy()

        run()
        return {"seconds": time_steps(run, seconds)}


class LayerWork:
    """Forward and backward passes of one recurrent layer alone, for any sizes; the input is as wide as the layer."""

    def __init__(self, peer: str, threads: int):
        set_threads(threads)
        self._cell = _CELLS[PEERS[peer].cell]
        self._sizes: tuple[int, int, int] | None = None
        self.facts: dict[str, Any] = {}

    def answer(self, batch: int, time: int, units: int, seconds: float) -> dict[str, Any]:
        """Times passes of these sizes for a while."""
        if self._sizes != (batch, time, units):
            self._sizes = batch, time, units
            self._layer = self._cell(units, units, batch_first=True)
            self._inputs = torch.randn(batch, time, units, requires_grad=True)
            self._weights = torch.randn(batch, time, units)
            self._step()
        return {"seconds": time_steps(self._step, seconds)}

    def _step(self) -> None:
        loss = (self._layer(self._inputs)[0] * self._weights).sum()
        torch.autograd.grad(loss, [self._inputs, *self._layer.parameters()])
