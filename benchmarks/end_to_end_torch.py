"""The plain PyTorch script: `nn.RNN` on packed sequences."""

import time
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader

from benchmarks.encoded_texts import Texts, load_sizes, load_texts
from benchmarks.torch_work import set_threads

_NO_LABEL = -100


class TextModel(nn.Module):
    """The model of the other scripts; a tagger has an output at every step."""

    def __init__(self, training: dict[str, Any], num_ids: int, num_labels: int, num_characters: int, is_tagger: bool):
        super().__init__()
        self._is_tagger = is_tagger
        self._reads_characters = num_characters > 0
        self.embedding = nn.Embedding(num_ids, training["embedding"], padding_idx=0)
        width = training["embedding"]
        if self._reads_characters:
            embedding, filters = training["character_embedding"], training["character_filters"]
            self.character_embedding = nn.Embedding(num_characters, embedding, padding_idx=0)
            self.convolution = nn.Conv1d(embedding, filters, training["character_width"], padding="same")
            width += filters
        self.rnn = nn.RNN(width, training["units"], bidirectional=True, batch_first=True)
        self.output = nn.Linear(2 * training["units"], num_labels)

    def forward(self, ids: torch.Tensor, lengths: torch.Tensor, character_ids: torch.Tensor) -> torch.Tensor:
        """Reads (batch, time) ids of (batch,) lengths, and (batch, time, word length) characters, if any."""
        x = self.embedding(ids)
        if self._reads_characters:
            each = self.character_embedding(character_ids.flatten(0, 1)).transpose(1, 2)
            words = self.convolution(each).relu().amax(dim=-1)
            x = torch.cat([x, words.unflatten(0, ids.shape)], dim=-1)
        packed = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
        steps, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        return self.output(steps if self._is_tagger else steps.sum(dim=1) / lengths[:, None])


def compute_loss(logits: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Computes the mean loss of logits (..., num_labels) over the labels that are there."""
    return nn.functional.cross_entropy(logits.flatten(0, -2), labels.flatten(), ignore_index=_NO_LABEL)


class TorchWork:
    """Trains and scores the model once."""

    facts: dict[str, Any]

    def __init__(self, threads: int, training: dict[str, Any], encoded: str):
        set_threads(threads)
        torch.manual_seed(0)
        self._training, path = training, Path(encoded)
        self._train, self._validation = load_texts(path, "train"), load_texts(path, "validation")
        self._model = TextModel(training, *load_sizes(path), self._train.is_tagged)
        self.facts = {}

    def answer(self) -> dict[str, Any]:
        """Trains."""
        optimizer = torch.optim.Adam(self._model.parameters(), self._training["learning_rate"], fused=True)
        batches = self._batches(self._train, shuffle=True)
        epoch_seconds = []
        for _ in range(self._training["epochs"]):
            start = time.perf_counter()
            for inputs, labels in batches:
                optimizer.zero_grad()
                compute_loss(self._model(*inputs), labels).backward()
                nn.utils.clip_grad_norm_(self._model.parameters(), self._training["clip_norm"])
                optimizer.step()
            epoch_seconds.append(time.perf_counter() - start)
        return {
            "epoch_seconds": epoch_seconds,
            "validation_accuracy": self._score(),
            "parameters": sum(parameter.numel() for parameter in self._model.parameters()),
        }

    def _score(self) -> float:
        with torch.inference_mode():
            right = sum(
                int((self._model(*inputs).argmax(dim=-1).flatten() == labels.flatten()).sum())
                for inputs, labels in self._batches(self._validation, shuffle=False)
            )
        return right / len(self._validation.labels)

    def _batches(self, texts: Texts, shuffle: bool) -> DataLoader:
        lengths = texts.lengths.tolist()
        ids = torch.from_numpy(texts.ids).split(lengths)
        characters = torch.from_numpy(texts.character_ids).split(lengths)
        # Of a text that is not tagged, its one label.
        labels = torch.from_numpy(texts.labels).long().split(lengths if texts.is_tagged else 1)

        def collate(batch):
            ids, characters, labels = zip(*batch, strict=True)
            lengths = torch.tensor([len(row) for row in ids])
            padded_labels = pad_sequence(labels, batch_first=True, padding_value=_NO_LABEL)
            inputs = pad_sequence(ids, batch_first=True), lengths, pad_sequence(characters, batch_first=True)
            return inputs, padded_labels

        examples = list(zip(ids, characters, labels, strict=True))
        return DataLoader(examples, self._training["batch_size"], shuffle=shuffle, collate_fn=collate)
