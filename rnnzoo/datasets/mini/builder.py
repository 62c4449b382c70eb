"""The miniature data set as TFDS knows it."""

from collections.abc import Callable, Iterator

import numpy as np
import tensorflow_datasets as tfds

from rnnzoo.datasets.description import Feature
from rnnzoo.datasets.mini.captions import generate_captions
from rnnzoo.datasets.mini.clips import generate_clips
from rnnzoo.datasets.mini.description import CONFIGURATIONS
from rnnzoo.datasets.mini.hello import generate_hello
from rnnzoo.datasets.mini.sentences import generate_sentences
from rnnzoo.datasets.mini.stories import generate_stories

# One generator a configuration: it takes a split's name and yields examples. A new configuration is an
# entry in `CONFIGURATIONS` and one here.
GENERATORS: dict[str, Callable[[str], Iterator[dict]]] = {
    "sentences": generate_sentences,
    "stories": generate_stories,
    "clips": generate_clips,
    "captions": generate_captions,
    "hello": generate_hello,
}


class RnnzooMini(tfds.core.GeneratorBasedBuilder):
    """Opinions and stories in a miniature language, clips and captions, made on the spot, without any download."""

    VERSION = tfds.core.Version("1.1.0")
    RELEASE_NOTES = {  # noqa: RUF012
        "1.0.0": "First release.",
        "1.1.0": "Captions of scenes, and `hello`; the clips have half the noise, which hid when a movement began.",
    }
    BUILDER_CONFIGS = [  # noqa: RUF012
        tfds.core.BuilderConfig(name=name, description=configuration.description)
        for name, configuration in CONFIGURATIONS.items()
    ]

    def _info(self) -> tfds.core.DatasetInfo:
        features = CONFIGURATIONS[self.builder_config.name].features
        return tfds.core.DatasetInfo(
            builder=self,
            description="A miniature English with opinions, names and an invented second language, clips of "
            "a moving dot and captions of scenes; its words, grammar, sentences and clips are part of rnnzoo and share "
            "its licence.",
            features=tfds.features.FeaturesDict({name: _make_feature(feature) for name, feature in features.items()}),
            license="Apache License 2.0, like rnnzoo itself.",
        )

    def _split_generators(self, dl_manager) -> dict[str, Iterator]:
        splits = CONFIGURATIONS[self.builder_config.name].splits
        return {split: self._generate_examples(split) for split in splits}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict]]:
        yield from enumerate(GENERATORS[self.builder_config.name](split))


def _make_feature(feature: Feature):
    made = {
        "text": tfds.features.Text,
        "class_label": lambda: tfds.features.ClassLabel(names=list(feature.class_names)),
        "tensor": lambda: tfds.features.Tensor(shape=feature.shape, dtype=np.dtype(feature.dtype)),
    }[feature.kind]()
    return tfds.features.Sequence(made) if feature.sequence_depth else made
