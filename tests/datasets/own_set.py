"""A small TFDS set as a user would write one, with nested features and two versions."""

from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

NAME = "own_notes"
CLASS_NAMES = ["to do", "done", "déjà vu"]
EXAMPLES = [
    {"note": {"text": f"note {place}", "kind": place % 3}, "tags": ["a", "b"][: place % 3], "weight": place / 2}
    for place in range(7)
]


def store_own_set(data_dir: Path) -> None:
    features = tfds.features.FeaturesDict(
        {
            "note": {"text": tfds.features.Text(), "kind": tfds.features.ClassLabel(names=CLASS_NAMES)},
            "tags": tfds.features.Sequence(tfds.features.Text()),
            "weight": tfds.features.Scalar(np.float32),
        }
    )
    examples = list(enumerate(EXAMPLES))
    versions = {
        "9.0.0": {"train": examples[:2], "test": examples[:1]},
        "10.0.0": {"train": examples[:5], "test": examples[5:]},
    }
    for version, splits in versions.items():
        tfds.dataset_builders.store_as_tfds_dataset(
            name=NAME,
            version=version,
            features=features,
            split_datasets=splits,
            data_dir=data_dir,
        )
