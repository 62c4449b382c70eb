import keras
import pytest

from rnnzoo.training.schedules import SCHEDULES, WarmupSchedule


def rates(schedule, steps, **arguments):
    return [float(WarmupSchedule(2.0, schedule, **arguments)(step)) for step in steps]


def test_warmup_is_linear_to_the_peak_for_every_schedule():
    for schedule in SCHEDULES:
        assert rates(schedule, range(4), warmup_steps=4, total_steps=100) == pytest.approx([0.5, 1.0, 1.5, 2.0])


def test_decays():
    steps = [0, 50, 100]
    assert rates("constant", steps, warmup_steps=0, total_steps=100) == pytest.approx([2, 2, 2])
    assert rates("linear", steps, warmup_steps=0, total_steps=100) == pytest.approx([2, 1, 0])
    assert rates("cosine", steps, warmup_steps=0, total_steps=100) == pytest.approx([2, 1, 0], abs=1e-6)
    assert rates("inverse_sqrt", [3, 15, 63], warmup_steps=4, total_steps=100) == pytest.approx([2, 1, 0.5])


def test_reloads_from_its_config():
    schedule = WarmupSchedule(0.1, "cosine", 3, 10)
    again = keras.optimizers.schedules.deserialize(keras.optimizers.schedules.serialize(schedule))
    assert [float(again(step)) for step in range(12)] == [float(schedule(step)) for step in range(12)]


def test_refuses_an_unknown_name():
    with pytest.raises(ValueError, match="cosine"):
        WarmupSchedule(0.1, "cosin", 3, 10)
