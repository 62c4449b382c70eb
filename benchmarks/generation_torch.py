"""Text from what one writes with PyTorch."""

import numpy as np
import torch
from torch import nn

from benchmarks.generation_weights import NORM_EPSILON, list_tokens, make_weights
from benchmarks.shapes import Shape
from rnnzoo.text.special_tokens import BOS_ID


class TorchWriter:
    """A loop over tokens in inference mode, drawn with `torch.multinomial`.

    The step is written out, with one bias: `nn.RNNCell`, which has two, takes half as long again for one text
    and as long for 64.
    """

    def __init__(self, shape: Shape, threads: int):
        torch.manual_seed(0)
        self._tokens = list_tokens(shape)
        self._units = shape.units
        weights = make_weights(shape)
        self._embedding = torch.from_numpy(weights.embedding)
        self._layers = [
            [torch.from_numpy(array) for array in (one.scale, one.shift, one.kernel, one.recurrent_kernel, one.bias)]
            for one in weights.layers
        ]
        self._output = [torch.from_numpy(array) for array in (weights.scale, weights.shift)]
        self._output += [torch.from_numpy(array) for array in (weights.kernel, weights.bias)]

    @torch.inference_mode()
    def write(self, batch: int, num_characters: int, temperature: float) -> list[str]:
        """Generates texts from nothing."""
        token_ids, states = self._start(batch)
        written = []
        for _ in range(num_characters):
            logits, states = self._step(token_ids, states)
            token_ids = torch.multinomial(torch.softmax(logits / temperature, dim=-1), 1)[:, 0]
            written.append(token_ids)
        rows = torch.stack(written, dim=1).tolist()
        return ["".join(self._tokens[token_id] for token_id in row) for row in rows]

    @torch.inference_mode()
    def probabilities(self, prompt: str) -> np.ndarray:
        """Returns what may follow the beginning and each character of a prompt, (characters + 1, vocabulary)."""
        token_ids, states = self._start(1)
        answers = []
        for following in [*prompt, None]:
            logits, states = self._step(token_ids, states)
            answers.append(torch.softmax(logits[0], dim=-1))
            if following is not None:
                token_ids = torch.tensor([self._tokens.index(following)])
        return torch.stack(answers).numpy()

    def _start(self, batch: int) -> tuple[torch.Tensor, list[torch.Tensor]]:
        return torch.full((batch,), BOS_ID), [torch.zeros(batch, self._units) for _ in self._layers]

    def _step(self, token_ids: torch.Tensor, states: list[torch.Tensor]) -> tuple[torch.Tensor, list[torch.Tensor]]:
        x, after = self._embedding[token_ids], []
        for (scale, shift, kernel, recurrent_kernel, bias), state in zip(self._layers, states, strict=True):
            product = torch.addmm(bias, self._normalise(x, scale, shift), kernel)
            after.append(torch.tanh(torch.addmm(product, state, recurrent_kernel)))
            x = x + after[-1]
        scale, shift, kernel, bias = self._output
        return torch.addmm(bias, self._normalise(x, scale, shift), kernel), after

    def _normalise(self, x: torch.Tensor, scale: torch.Tensor, shift: torch.Tensor) -> torch.Tensor:
        return nn.functional.layer_norm(x, (self._units,), scale, shift, NORM_EPSILON)
