"""Files of the user's own as a TFDS builder."""

from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds

from rnnzoo.datasets.files.naming import VERSION
from rnnzoo.datasets.files.source import FileSource
from rnnzoo.datasets.files.survey import Survey, read_split
from rnnzoo.datasets.files.text_files import STARTS_DOCUMENT


class RnnzooFiles(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Texts and their labels from files; what was left out is in the set's metadata.

    Args:
        source: The files.
        survey: What they hold.
        config_name: Name of the configuration, one for each content of the files.
        data_dir: TFDS' `data_dir`.
    """

    VERSION = tfds.core.Version(VERSION)

    def __init__(self, source: FileSource, survey: Survey, config_name: str, data_dir: str):
        self._source = source
        self._survey = survey
        super().__init__(config=tfds.core.BuilderConfig(name=config_name), data_dir=data_dir)

    def _info(self) -> tfds.core.DatasetInfo:
        text, sequence = tfds.features.Text(), tfds.features.Sequence(tfds.features.Text())
        features = {path: text for path in self._source.features.values()}
        features |= {path: sequence for path in self._source.sequences.values()}
        if self._source.is_running_text:
            features[STARTS_DOCUMENT] = tfds.features.Scalar(np.bool_)
        return tfds.core.DatasetInfo(
            builder=self,
            description=f"Made by rnnzoo from {', '.join(part.name for part in self._source.parts)}.",
            features=tfds.features.FeaturesDict(_nest(features)),
            # Pieces of a text must stay in order.
            disable_shuffling=self._source.is_running_text,
            metadata=tfds.core.MetadataDict(self._survey.report.to_json()),
        )

    def _split_generators(self, dl_manager) -> dict[str, Iterator]:
        return {split: self._generate_examples(split) for split in self._survey.splits}

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict]]:
        for number, row in enumerate(read_split(self._source, self._survey, split)):
            flags = {STARTS_DOCUMENT: True} if self._source.is_running_text else {}
            yield number, _nest({**flags, **row.values})


def _nest(values: dict) -> dict:
    """Returns the values by path as the nested dictionaries that TFDS reads by path."""
    nested: dict = {}
    for path, value in values.items():
        *parents, name = path.split("/")
        node = nested
        for parent in parents:
            node = node.setdefault(parent, {})
        node[name] = value
    return nested
