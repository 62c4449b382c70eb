"""The same translator as one writes it with PyTorch, and its training."""

import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from benchmarks.generation_weights import NORM_EPSILON
from benchmarks.translation_shape import TranslatorShape, make_pairs
from benchmarks.translation_weights import Direction, Stack, make_weights
from rnnzoo.text.special_tokens import PAD_ID


class TorchStack(nn.Module):
    """Pre-norm residual layers of `nn.RNN`, on padded or packed sequences."""

    def __init__(self, width: int, num_layers: int, bidirectional: bool, dropout: float):
        super().__init__()
        units = width // 2 if bidirectional else width
        self.layers = nn.ModuleList(
            nn.RNN(width, units, bidirectional=bidirectional, batch_first=True) for _ in range(num_layers)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width, NORM_EPSILON) for _ in range(num_layers + 1))
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor | PackedSequence, states: torch.Tensor | None = None):
        """Runs the layers, from the states (layers, batch, units), if any."""
        # What is packed has no padding: norms and dropout work on its steps.
        is_packed = isinstance(x, PackedSequence)
        steps = x.data if is_packed else x
        for place, layer in enumerate(self.layers):
            normed = self.norms[place](steps)
            state = None if states is None else states[place : place + 1]
            y, _ = layer(x._replace(data=normed) if is_packed else normed, state)
            steps = steps + self.dropout(y.data if is_packed else y)
        steps = self.norms[-1](steps)
        return x._replace(data=steps) if is_packed else steps


class TorchTranslator(nn.Module):
    """The translator, with the weights of all.

    Args:
        shape: The translator.
        packs: Whether the encoder reads packed sequences. If not, its backward layers read padding first, which is
            simpler, and not the same.
    """

    def __init__(self, shape: TranslatorShape, packs: bool = True):
        super().__init__()
        units = shape.units
        self._packs = packs
        self.decoder_layers = shape.decoder_layers
        self.embedding = nn.Embedding(shape.vocabulary, shape.embedding, padding_idx=PAD_ID)
        self.encoder = TorchStack(units, shape.encoder_layers, bidirectional=True, dropout=shape.dropout)
        self.decoder = TorchStack(units, shape.decoder_layers, bidirectional=False, dropout=shape.dropout)
        self.context_to_state = nn.Linear(units, shape.decoder_layers * units)
        self.keys = nn.Linear(units, units, bias=False)
        self.attentional_vector = nn.Linear(2 * units, shape.embedding)
        self.output = nn.Linear(shape.embedding, shape.vocabulary)
        self.output.weight = self.embedding.weight
        self.dropout = nn.Dropout(shape.dropout)
        _copy_weights(shape, self)

    def encode(self, source_ids: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Reads (batch, time) ids: memory (batch, time, units), its mask, states (layers, batch, units)."""
        mask = source_ids != PAD_ID
        lengths = mask.sum(dim=1)
        x = self.dropout(self.embedding(source_ids))
        if self._packs:
            packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
            memory, _ = pad_packed_sequence(self.encoder(packed), batch_first=True)
        else:
            memory = self.encoder(x)
        mean = (memory * mask[:, :, None]).sum(dim=1) / lengths[:, None]
        states = torch.tanh(self.context_to_state(mean)).unflatten(1, (self.decoder_layers, -1))
        return memory, mask, states.transpose(0, 1).contiguous()

    def forward(self, source_ids: torch.Tensor, target_ids: torch.Tensor) -> torch.Tensor:
        """Computes the logits of the tokens after `target_ids`, (batch, time, vocabulary)."""
        memory, mask, states = self.encode(source_ids)
        x = self.decoder(self.dropout(self.embedding(target_ids)), states)
        scores = x @ self.keys(memory).transpose(1, 2) * x.shape[-1] ** -0.5
        weights = scores.masked_fill(~mask[:, None], float("-inf")).softmax(dim=-1)
        vector = torch.tanh(self.attentional_vector(torch.cat([x, weights @ memory], dim=-1)))
        return self.output(self.dropout(vector))


class TorchTrainer:
    """Steps of AdamW, its gradient clipped, with a moving average of the weights."""

    def __init__(self, shape: TranslatorShape, packs: bool):
        torch.manual_seed(0)
        self._shape = shape
        self._model = TorchTranslator(shape, packs)
        self._optimizer = torch.optim.AdamW(self._model.parameters(), shape.learning_rate, weight_decay=0.0, fused=True)
        self._average = AveragedModel(self._model, multi_avg_fn=get_ema_multi_avg_fn(shape.ema_momentum))
        self._pairs = {
            width: [torch.from_numpy(ids).long() for ids in make_pairs(shape, width)] for width, _ in shape.widths
        }
        self.num_parameters = sum(parameter.numel() for parameter in self._model.parameters())

    def run_step(self, width: int) -> float:
        """Trains on the batch of a width; returns its mean loss."""
        source_ids, target_ids = self._pairs[width]
        self._optimizer.zero_grad()
        logits = self._model(source_ids, target_ids[:, :-1])
        labels = target_ids[:, 1:].flatten()
        smoothing = self._shape.label_smoothing
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels, ignore_index=PAD_ID, label_smoothing=smoothing)
        loss.backward()
        nn.utils.clip_grad_norm_(self._model.parameters(), self._shape.clip_norm)
        self._optimizer.step()
        self._average.update_parameters(self._model)
        return loss.item()


@torch.no_grad()
def _copy_weights(shape: TranslatorShape, model: TorchTranslator) -> None:
    weights = make_weights(shape)
    _copy_stack(weights.encoder, model.encoder)
    _copy_stack(weights.decoder, model.decoder)
    for parameter, value in (
        (model.embedding.weight, weights.embedding),
        (model.output.bias, weights.output_bias),
        (model.context_to_state.weight, weights.state_kernel.T),
        (model.context_to_state.bias, weights.state_bias),
        (model.keys.weight, weights.memory_kernel.T),
        (model.attentional_vector.weight, weights.vector_kernel.T),
        (model.attentional_vector.bias, weights.vector_bias),
    ):
        parameter.copy_(torch.from_numpy(value))


def _copy_stack(weights: Stack, stack: TorchStack) -> None:
    for norm, values in zip(stack.norms, weights.norms, strict=True):
        norm.weight.copy_(torch.from_numpy(values.scale))
        norm.bias.copy_(torch.from_numpy(values.shift))
    for layer, directions in zip(stack.layers, weights.layers, strict=True):
        for values, parameters in zip(directions, layer.all_weights, strict=True):
            _copy_direction(values, *parameters)


def _copy_direction(values: Direction, kernel, recurrent_kernel, bias, second_bias) -> None:
    kernel.copy_(torch.from_numpy(values.kernel.T))
    recurrent_kernel.copy_(torch.from_numpy(values.recurrent_kernel.T))
    bias.copy_(torch.from_numpy(values.bias))
    second_bias.zero_()
