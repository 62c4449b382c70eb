"""The classifiers and language models of the zoo as one writes them with PyTorch, run eagerly."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from benchmarks.serving_exports import Question, load_export_config, load_export_strings, load_export_weights
from benchmarks.serving_torch_text import PythonTextEncoder
from rnnzoo.config import RunConfig
from rnnzoo.text.special_tokens import BOS_ID, EOS_ID

_NORM_EPSILON = 1e-3
_LOWEST = -1e9
Weights = Mapping[str, np.ndarray]


class TorchAnswerer:
    """The model of an export, with its weights.

    Args:
        export: The version folder.
    """

    def __init__(self, export: str):
        config = load_export_config(export)
        weights = load_export_weights(export)
        self._encode = PythonTextEncoder(export, config)
        self._ends = config.task == "language_modeling" and config.data.documents
        if config.task == "language_modeling":
            self._model = LanguageModel(config, weights)
        else:
            self._model = Classifier(config, weights)
            self._labels = config.data.labels or load_export_strings(export, "labels.jsonl")
        self._model.eval()

    def answer(self, question: Question, batch: int) -> Callable[[], list]:
        """Returns a function that answers a batch, from Python's values to Python's values."""
        texts = question.take(batch)["text"]
        answer = self._score if question.task == "language_modeling" else self._classify
        return lambda: answer(texts)

    @torch.inference_mode()
    def _classify(self, texts: Sequence[str]) -> list[list]:
        encoded = [self._encode(text) for text in texts]
        inputs = {name: _pad([text[name] for text in encoded]) for name in encoded[0]}
        lengths = torch.tensor([len(text["token_ids"]) for text in encoded])
        scores, places = torch.softmax(self._model(inputs, lengths), dim=-1).max(dim=-1)
        labels = [self._labels[place] for place in places.tolist()]
        return [list(row) for row in zip(labels, scores.tolist(), strict=True)]

    @torch.inference_mode()
    def _score(self, texts: Sequence[str]) -> list[list]:
        encoded = [self._encode(text)["token_ids"] for text in texts]
        inputs = _pad([[BOS_ID, *token_ids] for token_ids in encoded])
        targets = _pad([[*token_ids, EOS_ID if self._ends else 0] for token_ids in encoded])
        losses = nn.functional.cross_entropy(
            self._model(inputs).transpose(1, 2), targets, ignore_index=0, reduction="none"
        )
        return [[value] for value in (-losses.sum(dim=1)).tolist()]


class Classifier(nn.Module):
    """Embeddings, recurrent layers, pooling, logits."""

    def __init__(self, config: RunConfig, weights: Weights):
        super().__init__()
        if config.model.pooling != "mean_max" or config.model.input != "embedding":
            raise NotImplementedError("only the mean and the maximum of embedded tokens are written in PyTorch")
        paths = {"token_ids": "embedding", "affix_ids": "affix_embedding/embedding"}
        paths["ngram_ids"] = "ngram_embedding/embedding"
        self.tables = nn.ModuleDict(
            {
                # A padding id stands for no affix: its vector is zero.
                name: _make_table(weights[f"{path}/embeddings"], zero_padding=name != "token_ids")
                for name, path in paths.items()
                if f"{path}/embeddings" in weights
            }
        )
        self.stack = Stack(config, weights)
        self.logits = _make_linear(weights, "logits")

    def forward(self, inputs: Mapping[str, torch.Tensor], lengths: torch.Tensor) -> torch.Tensor:
        x = self.tables["token_ids"](inputs["token_ids"])
        for name in inputs.keys() - {"token_ids"}:
            x = x + self.tables[name](inputs[name]).sum(dim=2)
        x = self.stack(x, lengths)
        real = (torch.arange(x.shape[1])[None] < lengths[:, None])[..., None]
        mean = (x * real).sum(dim=1) / lengths[:, None]
        largest = x.masked_fill(~real, _LOWEST).amax(dim=1)
        return self.logits(torch.cat([mean, largest], dim=-1))


class LanguageModel(nn.Module):
    """Embedding, or one-hot vectors, recurrent layers, logits."""

    def __init__(self, config: RunConfig, weights: Weights):
        super().__init__()
        if config.model.tie_embeddings or config.data.condition_feature:
            raise NotImplementedError("tied and conditioned models are not written in PyTorch")
        self.one_hot_size = len(weights["logits/bias"]) if config.model.input == "one_hot" else None
        self.table = None if self.one_hot_size else _make_table(weights["embedding/embeddings"])
        self.stack = Stack(config, weights)
        self.logits = _make_linear(weights, "logits")

    def forward(self, token_ids: torch.Tensor) -> torch.Tensor:
        x = self.table(token_ids) if self.table else nn.functional.one_hot(token_ids, self.one_hot_size).float()
        # Padding comes last: what reads it is not looked at.
        return self.logits(self.stack(x))


class Stack(nn.Module):
    """`nn.RNN` layers, as pre-norm residual blocks or one on the other."""

    def __init__(self, config: RunConfig, weights: Weights):
        super().__init__()
        model = config.model
        if model.cell != "simple_rnn" or model.activation != "tanh":
            raise NotImplementedError("only simple_rnn layers with tanh are written in PyTorch")
        bidirectional = getattr(model, "bidirectional", False)
        self.projection = None
        if "recurrent_stack/projection/kernel" in weights:
            self.projection = _make_linear(weights, "recurrent_stack/projection")
        is_residual = model.stack == "residual"
        self.layers = nn.ModuleList(
            _make_rnn(weights, place, model.units, bidirectional) for place in range(model.num_layers)
        )
        names = [*(f"norm_{place}" for place in range(model.num_layers)), "final_norm"] if is_residual else []
        self.norms = nn.ModuleList(_make_norm(weights, f"recurrent_stack/{name}") for name in names)

    def forward(self, x: torch.Tensor, lengths: torch.Tensor | None = None) -> torch.Tensor:
        if self.projection is not None:
            x = self.projection(x)
        for place, layer in enumerate(self.layers):
            y = _run(layer, self.norms[place](x) if self.norms else x, lengths)
            x = x + y if self.norms else y
        return self.norms[-1](x) if self.norms else x


def _run(layer: nn.RNN, x: torch.Tensor, lengths: torch.Tensor | None) -> torch.Tensor:
    # Texts of one length need no packing, which takes time.
    if lengths is None or bool((lengths == x.shape[1]).all()):
        return layer(x)[0]
    packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    return pad_packed_sequence(layer(packed)[0], batch_first=True, total_length=x.shape[1])[0]


def _pad(rows: Sequence[list]) -> torch.Tensor:
    return pad_sequence([torch.tensor(row) for row in rows], batch_first=True)


def _make_table(embeddings: np.ndarray, zero_padding: bool = False) -> nn.Embedding:
    vectors = torch.from_numpy(embeddings.copy())
    if zero_padding:
        vectors[0] = 0.0
    return nn.Embedding.from_pretrained(vectors)


def _make_linear(weights: Weights, path: str) -> nn.Linear:
    kernel = weights[f"{path}/kernel"]
    layer = nn.Linear(*kernel.shape)
    _assign(layer.weight, kernel.T)
    _assign(layer.bias, weights[f"{path}/bias"])
    return layer


def _make_norm(weights: Weights, path: str) -> nn.LayerNorm:
    scale = weights[f"{path}/gamma"]
    layer = nn.LayerNorm(len(scale), eps=_NORM_EPSILON)
    _assign(layer.weight, scale)
    _assign(layer.bias, weights[f"{path}/beta"])
    return layer


def _make_rnn(weights: Weights, place: int, units: int, bidirectional: bool) -> nn.RNN:
    if bidirectional:
        folder = f"recurrent_stack/bidirectional_{place}"
        cells = {"": f"{folder}/forward_simple_rnn_{place}", "_reverse": f"{folder}/backward_simple_rnn_{place}"}
    else:
        cells = {"": f"recurrent_stack/simple_rnn_{place}"}
    paths = {suffix: f"{path}/simple_rnn_cell" for suffix, path in cells.items()}
    layer = nn.RNN(len(weights[f"{paths['']}/kernel"]), units, batch_first=True, bidirectional=bidirectional)
    for suffix, path in paths.items():
        _assign(getattr(layer, f"weight_ih_l0{suffix}"), weights[f"{path}/kernel"].T)
        _assign(getattr(layer, f"weight_hh_l0{suffix}"), weights[f"{path}/recurrent_kernel"].T)
        _assign(getattr(layer, f"bias_ih_l0{suffix}"), weights[f"{path}/bias"])
        nn.init.zeros_(getattr(layer, f"bias_hh_l0{suffix}"))
    return layer


def _assign(parameter: nn.Parameter, value: np.ndarray) -> None:
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(np.ascontiguousarray(value)))
