"""What the texts and labels of files are like: lengths, words, classes, repetitions."""

import re
from collections import Counter

from rnnzoo.datasets.duplicates import digest_text
from rnnzoo.datasets.files.source import FileSource
from rnnzoo.datasets.files.survey import Survey, read_split

# Close to what `WordTokenizer` does, without TensorFlow.
_WORD = re.compile(r"\w+|[^\w\s]")
_LONGEST_EXAMPLE = 80
_MOST_EXAMPLES = 3


class TextStatistics:
    """What the texts and labels of files are like.

    Attributes:
        labels: How often each label occurs, by split.
        lengths: How many texts of train have how many words or characters, by tokenizer.
        word_counts: How often each word occurs in train, lower-cased.
        examples: A few short texts of train, of different classes.
    """

    def __init__(self) -> None:
        self.labels: dict[str, Counter[str]] = {}
        self.lengths: dict[str, Counter[int]] = {"words": Counter(), "characters": Counter()}
        self.word_counts: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self._label_of: dict[bytes, str] = {}
        self._ambiguous: set[bytes] = set()

    @classmethod
    def of_files(cls, source: FileSource, survey: Survey) -> "TextStatistics":
        """Reads all good rows of files."""
        text_feature, label_feature = source.features["data.text_feature"], source.features["data.label_feature"]
        statistics = cls()
        for split in survey.splits:
            for row in read_split(source, survey, split):
                statistics.add(split, row.values[text_feature], row.values[label_feature])
        return statistics

    def add(self, split: str, text: str, label: str) -> None:
        """Takes one more example."""
        self.labels.setdefault(split, Counter())[label] += 1
        digest = digest_text(text)
        label_before = self._label_of.setdefault(digest, label)
        if label_before != label:
            self._ambiguous.add(digest)
        if split == "train":
            words = _WORD.findall(text.lower())
            self.word_counts.update(words)
            self.lengths["words"][len(words)] += 1
            self.lengths["characters"][len(text)] += 1
            if len(text) <= _LONGEST_EXAMPLE and len(self.examples) < _MOST_EXAMPLES:
                self.examples.setdefault(label, text)

    @property
    def label_counts(self) -> Counter[str]:
        """How often each label occurs in all splits together."""
        return sum(self.labels.values(), Counter())

    @property
    def num_ambiguous(self) -> int:
        """Different texts that occur with more than one label."""
        return len(self._ambiguous)

    @property
    def num_repeated(self) -> int:
        """Examples whose text occurred before."""
        return self.label_counts.total() - len(self._label_of)

    def length_within(self, tokenizer: str, share: float) -> int:
        """Returns the length that this share of the texts of train has at most, in tokens."""
        counts = self.lengths[tokenizer]
        left = share * counts.total()
        for length in sorted(counts):
            left -= counts[length]
            if left <= 0:
                return length
        return 0
