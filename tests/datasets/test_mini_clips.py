import collections
import itertools
import os
import subprocess
import sys

import numpy as np
import pytest

from rnnzoo.datasets.mini.clips import generate_clips
from rnnzoo.datasets.mini.description import CONFIGURATIONS, EVENTS, MOVEMENTS, NUM_PIXELS
from rnnzoo.evaluation import predict_with_step_statistics


@pytest.fixture(scope="module")
def splits():
    return {split: list(generate_clips(split)) for split in CONFIGURATIONS["clips"].splits}


def test_sizes_and_balance(splits):
    for split, size in CONFIGURATIONS["clips"].splits.items():
        counts = collections.Counter(clip["event"] for clip in splits[split])
        assert sum(counts.values()) == len(splits[split]) == size
        assert set(counts) == set(EVENTS) and max(counts.values()) - min(counts.values()) <= 1


def test_clips_have_ten_to_sixty_frames_and_a_label_for_each(splits):
    clips = splits["train"]
    lengths = [len(clip["frames"]) for clip in clips]
    assert (min(lengths), max(lengths)) == (10, 60)
    assert len(set(lengths)) == 51
    assert all(len(clip["frame_labels"]) == length for clip, length in zip(clips, lengths, strict=True))
    assert {len(frame) for clip in clips for frame in clip["frames"]} == {NUM_PIXELS}
    counts = collections.Counter(label for clip in clips for label in clip["frame_labels"])
    assert set(counts) == set(MOVEMENTS) and min(counts.values()) > 0.15 * sum(counts.values())


def test_the_labels_of_the_frames_tell_the_event(splits):
    for clips in splits.values():
        for clip in clips:
            moves = [MOVEMENTS[label] for label in clip["frame_labels"] if label != "still"]
            directions = tuple(direction for direction, _ in itertools.groupby(moves))
            assert directions == EVENTS[clip["event"]]
            assert clip["frame_labels"][0] == "still"


def test_the_dot_moves_as_the_labels_say(splits):
    pixels = np.arange(NUM_PIXELS)
    shifts = collections.defaultdict(list)
    for clip in splits["test"]:
        frames = np.array(clip["frames"])
        light = np.clip(frames - np.median(frames, axis=1, keepdims=True), 0, None) ** 2
        places = light @ pixels / light.sum(axis=1)
        # Where the dot was before and after a run of frames with one label.
        start = 0
        for label, run in itertools.groupby(clip["frame_labels"]):
            end = start + len(list(run))
            shifts[label].append(places[end - 1] - places[max(start - 1, 0)])
            start = end
    assert np.mean(np.array(shifts["rising"]) > 0) > 0.95
    assert np.mean(np.array(shifts["falling"]) < 0) > 0.95
    assert abs(np.mean(shifts["still"])) < 0.1 and np.median(np.abs(shifts["still"])) < 0.5


def test_what_the_frames_are_like_does_not_tell_the_event(splits):
    events = list(EVENTS)
    sequences, labels = {}, {}
    for split in ("train", "test"):
        sequences[split] = [np.array(clip["frames"], np.float32) for clip in splits[split]]
        labels[split] = np.array([events.index(clip["event"]) for clip in splits[split]])
    predicted = predict_with_step_statistics(sequences["train"], labels["train"], sequences["test"])
    assert 0.25 < np.mean(predicted == labels["test"]) < 0.45


def test_no_clip_occurs_twice(splits):
    clips = [str(clip["frames"]) for of_split in splits.values() for clip in of_split]
    assert len(set(clips)) == len(clips)


def test_clips_do_not_depend_on_the_process():
    code = (
        "import hashlib; from rnnzoo.datasets.mini.clips import generate_clips as c;"
        "print(hashlib.sha256(repr([*c('test')]).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1
