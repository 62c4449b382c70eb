"""Greedy decoding and beam search as one writes them with PyTorch."""

from collections.abc import Sequence

import torch
from torch.nn.utils.rnn import pad_sequence

from benchmarks.translation_shape import BLANK, TranslatorShape, list_pieces
from benchmarks.translation_torch import TorchTranslator
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID, PAD_ID, SPECIAL_TOKENS, UNKNOWN_ID

_NEVER_WRITTEN = [PAD_ID, UNKNOWN_ID, BOS_ID]
_LENGTH_PENALTY = 3.0


class TorchSearch:
    """Loops over tokens in inference mode, from texts to texts; as many units are written as were read.

    The step of the decoder is written out, with one bias, as in `generation_torch`. A hypothesis that has ended
    stays among the beams and goes on with padding, which costs nothing.
    """

    def __init__(self, shape: TranslatorShape):
        self._pieces = list_pieces(shape)
        self._ids = {piece: number for number, piece in enumerate(self._pieces)}
        self._longest_piece = max(len(piece) for piece in self._pieces[len(SPECIAL_TOKENS) :])
        self._model = TorchTranslator(shape).eval()
        decoder = self._model.decoder
        self._layers = [
            (norm, layer.weight_ih_l0.detach().T, layer.weight_hh_l0.detach().T, layer.bias_ih_l0 + layer.bias_hh_l0)
            for norm, layer in zip(decoder.norms, decoder.layers, strict=False)
        ]
        self._only_padding = torch.full((shape.vocabulary,), float("-inf"))
        self._only_padding[PAD_ID] = 0.0

    @torch.inference_mode()
    def translate(self, texts: Sequence[str], beam_width: int) -> list[str]:
        """Translates texts."""
        encoded = [self._encode(text) for text in texts]
        max_tokens = torch.tensor([len(ids) for ids in encoded])
        source_ids = pad_sequence([torch.tensor([*ids, EOS_ID]) for ids in encoded], batch_first=True)
        memory, mask, states = self._model.encode(source_ids)
        keys = self._model.keys(memory).transpose(1, 2) * memory.shape[-1] ** -0.5
        source = memory, keys, torch.where(mask, 0.0, float("-inf"))[:, None]
        written = (
            self._decode_greedily(source, states, max_tokens)
            if beam_width == 1
            else self._search(source, states, max_tokens, beam_width)
        )
        return [self._to_text(ids) for ids in written.tolist()]

    def _decode_greedily(self, source, states, max_tokens) -> torch.Tensor:
        token_ids = torch.full_like(max_tokens, BOS_ID)
        is_done = max_tokens <= 0
        written = []
        for position in range(int(max_tokens.max())):
            logits, states = self._step(token_ids, states, source)
            logits[:, _NEVER_WRITTEN] = float("-inf")
            token_ids = logits.argmax(dim=1)
            written.append(token_ids.masked_fill(is_done, PAD_ID))
            is_done |= (token_ids == EOS_ID) | (position + 1 >= max_tokens)
            if is_done.all():
                break
        return torch.stack(written, dim=1)

    def _search(self, source, states, max_tokens, width) -> torch.Tensor:
        batch = len(max_tokens)
        first_row = torch.arange(batch)[:, None] * width
        logits, states = self._step(torch.full_like(max_tokens, BOS_ID), states, source)
        total, token_ids = self._log_probabilities(logits).topk(width)
        states = [state.repeat_interleave(width, dim=0) for state in states]
        written = token_ids[:, :, None]
        is_done = (token_ids == EOS_ID) | (max_tokens <= 1)[:, None]
        for position in range(1, int(max_tokens.max())):
            if is_done.all():
                break
            logits, states = self._step(token_ids.flatten(), states, source)
            values = self._log_probabilities(logits).unflatten(0, (batch, width))
            values[is_done] = self._only_padding
            total, place = (total[:, :, None] + values).flatten(1).topk(width)
            beam, token_ids = place // logits.shape[1], place % logits.shape[1]
            states = [state[(first_row + beam).flatten()] for state in states]
            before = written.gather(1, beam[:, :, None].expand(-1, -1, position))
            written = torch.cat([before, token_ids[:, :, None]], dim=2)
            is_done = is_done.gather(1, beam) | (token_ids == EOS_ID) | (position + 1 >= max_tokens)[:, None]
        lengths = (written != PAD_ID).sum(dim=2)
        best = (total / ((5 + lengths) / 6) ** _LENGTH_PENALTY).argmax(dim=1)
        return written[torch.arange(batch), best]

    def _log_probabilities(self, logits: torch.Tensor) -> torch.Tensor:
        values = logits.log_softmax(dim=1)
        values[:, _NEVER_WRITTEN] = float("-inf")
        return values

    def _step(self, token_ids, states, source) -> tuple[torch.Tensor, list[torch.Tensor]]:
        memory, keys, penalty = source
        x, after = self._model.embedding(token_ids), []
        for (norm, kernel, recurrent_kernel, bias), state in zip(self._layers, states, strict=True):
            product = torch.addmm(bias, norm(x), kernel)
            after.append(torch.tanh(torch.addmm(product, state, recurrent_kernel)))
            x = x + after[-1]
        x = self._model.decoder.norms[-1](x)
        # The beams of a text side by side: the memory need not be copied for them.
        scores = x.view(len(memory), -1, x.shape[1]) @ keys + penalty
        context = (scores.softmax(dim=2) @ memory).flatten(0, 1)
        vector = torch.tanh(self._model.attentional_vector(torch.cat([x, context], dim=1)))
        return self._model.output(vector), after

    def _encode(self, text: str) -> list[int]:
        """Cuts words into the longest pieces there are, from the left."""
        ids = []
        for word in text.split():
            rest = BLANK + word
            while rest:
                sizes = range(min(self._longest_piece, len(rest)), 0, -1)
                size = next((size for size in sizes if rest[:size] in self._ids), 1)
                ids.append(self._ids.get(rest[:size], UNKNOWN_ID))
                rest = rest[size:]
        return ids

    def _to_text(self, ids: list[int]) -> str:
        pieces = (self._pieces[number] for number in ids if number > EOS_ID)
        return "".join(pieces).replace(BLANK, " ").strip()
