"""Classes that are strings in a file: none is lost between the splits."""

from rnnzoo.config import parse_config
from rnnzoo.datasets import open_data, split_holdout
from rnnzoo.tasks.registry import make_task


def make_config(path):
    files = {"path": str(path), "columns": ["text", "label"]}
    values = {"name": "own/files", "task": "text_classification", "text": {"min_count": 1}}
    return parse_config({**values, "data": {"files": files}})


def test_a_class_that_is_held_back_as_a_whole_is_a_class(tmp_path):
    rows = [f"text {number}\t{('up', 'down')[number % 2]}\n" for number in range(200)]
    path = tmp_path / "own.tsv"
    path.write_text("".join(rows))
    in_train = [
        example["text"]
        for example in open_data(make_config(path).data, tmp_path).read("train", ["text"]).as_numpy_iterator()
    ]
    held_back = split_holdout(in_train, 0.1, "texts")[1]
    rare = in_train[held_back.argmax()].decode()
    path.write_text("".join(f"{rare}\trare\n" if row.startswith(f"{rare}\t") else row for row in rows))

    config = make_config(path)
    dataset, task = open_data(config.data, tmp_path), make_task(config)
    task.learn_vocabularies(dataset)
    assert task.class_names == ["down", "rare", "up"]
    train, validation = task.load_training_splits(dataset)
    test = task.load_split(dataset, "test")
    assert train.num_examples + validation.num_examples + test.num_examples == 200
    assert validation.columns["label"].values.tolist().count(1) == 1
    assert 1 not in train.columns["label"].values
