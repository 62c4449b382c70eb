"""A data set as a user writes it for the TFDS command line, prepared where nobody else knows its builder."""

import subprocess
import sys
from pathlib import Path

NAME = "my_signals"
MOODS = ["glad", "sad"]
SIZES = {"train": 80, "test": 24}

# As `tfds new my_signals` lays it out: a package of this name, and in it a module.
_MODULE = """
import numpy as np
import tensorflow_datasets as tfds


class Builder(tfds.core.GeneratorBasedBuilder):
    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "Initial release."}

    def _info(self):
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(
                {
                    "answer": {"text": tfds.features.Text(), "mood": tfds.features.ClassLabel(names=["glad", "sad"])},
                    "sensor": {"frames": tfds.features.Tensor(shape=(None, 3), dtype=np.float32)},
                    "marks": tfds.features.Sequence(tfds.features.ClassLabel(names=["low", "high"])),
                    "level": tfds.features.Sequence(np.float64),
                    "steps": tfds.features.Sequence(
                        {
                            "position": tfds.features.Tensor(shape=(2,), dtype=np.float32),
                            "move": tfds.features.ClassLabel(names=["up", "down"]),
                            "note": tfds.features.Text(),
                        }
                    ),
                    "pair": tfds.features.Translation(languages=["de", "en"]),
                }
            ),
        )

    def _split_generators(self, dl_manager):
        return {"train": self._generate_examples(80), "test": self._generate_examples(24)}

    def _generate_examples(self, number):
        random = np.random.default_rng(number)
        for key in range(number):
            sign = 1 if key % 2 else -1
            level = sign * np.arange(key % 5 + 2.0) + random.normal()
            yield key, {
                "answer": {"text": f"that is {'bad' if key % 2 else 'good'} {key}", "mood": key % 2},
                "sensor": {"frames": np.stack([level, level**2, np.ones_like(level)], 1).astype(np.float32)},
                "marks": [int(value > 0) for value in level],
                "level": level,
                "steps": [
                    {"position": [value, key], "move": "down" if key % 2 else "up", "note": f"step {key}"}
                    for value in level
                ],
                "pair": {"de": "gut", "en": "good"},
            }
"""


def prepare_own_builder(folder: Path) -> Path:
    """Writes the builder, has another process prepare its data, and returns TFDS' data folder."""
    data_dir, package = folder / "data", folder / NAME
    package.mkdir()
    (package / "__init__.py").touch()
    (package / f"{NAME}_dataset_builder.py").write_text(_MODULE)
    program = (
        f"from {NAME}.{NAME}_dataset_builder import Builder; Builder(data_dir={str(data_dir)!r}).download_and_prepare()"
    )
    subprocess.run([sys.executable, "-c", program], cwd=folder, capture_output=True, check=True)
    return data_dir
