"""TFDS sets written record by record: of any size in seconds, in several shards, with values TFDS would refuse."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds

VERSION = "1.0.0"


def write_set(
    data_dir: Path,
    name: str,
    features: tfds.features.FeaturesDict,
    splits: Mapping[str, Iterable[Mapping]],
    num_shards: int = 1,
) -> Path:
    """Writes a set and returns its folder; the examples are in the shards in turns."""
    folder = data_dir / name / VERSION
    folder.mkdir(parents=True)
    features.save_config(folder)
    infos = [_write_split(folder, name, features, split, examples, num_shards) for split, examples in splits.items()]
    info = {"name": name, "version": VERSION, "moduleName": "tests", "fileFormat": "tfrecord", "splits": infos}
    (folder / "dataset_info.json").write_text(json.dumps(info))
    return folder


def shard_path(folder: Path, split: str, shard: int = 0, num_shards: int = 1) -> Path:
    """Returns the file of a shard."""
    return folder / f"{folder.parent.name}-{split}.tfrecord-{shard:05d}-of-{num_shards:05d}"


def _write_split(folder, name, features, split, examples, num_shards):
    lengths, num_bytes = [0] * num_shards, 0
    writers = [tf.io.TFRecordWriter(str(shard_path(folder, split, shard, num_shards))) for shard in range(num_shards)]
    for place, example in enumerate(examples):
        record = serialize(features, example)
        shard = place % num_shards
        writers[shard].write(record)
        lengths[shard] += 1
        num_bytes += len(record)
    for writer in writers:
        writer.close()
    return {
        "name": split,
        "numBytes": str(num_bytes),
        "shardLengths": list(map(str, lengths)),
        "filepathTemplate": "{DATASET}-{SPLIT}.{FILEFORMAT}-{SHARD_X_OF_Y}",
    }


def serialize(features: tfds.features.FeaturesDict, example: Mapping) -> bytes:
    """Makes a record; unlike TFDS it takes class numbers as they are."""
    values = {}
    for key, value in example.items():
        feature = features[key]
        inner = feature.feature if isinstance(feature, tfds.features.Sequence) else feature
        listed = value if isinstance(feature, tfds.features.Sequence) else [value]
        if isinstance(inner, tfds.features.ClassLabel):
            values[key] = tf.train.Feature(int64_list=tf.train.Int64List(value=listed))
        elif isinstance(inner, tfds.features.Text):
            texts = [one if isinstance(one, bytes) else one.encode() for one in listed]
            values[key] = tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))
        else:
            numbers = [number for step in value for number in step]
            values[key] = tf.train.Feature(float_list=tf.train.FloatList(value=numbers))
    return tf.train.Example(features=tf.train.Features(feature=values)).SerializeToString()
