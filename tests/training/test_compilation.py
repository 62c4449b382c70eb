import pytest

from rnnzoo.config import load_config
from rnnzoo.training.compilation import choose_jit_compile


class Batches:
    def __init__(self, counts):
        self.shapes = {(50, width): count for width, count in counts.items()}


@pytest.mark.parametrize(
    ("overrides", "counts", "expected"),
    [
        (["train.epochs=10"], {20: 100}, True),
        (["train.epochs=10"], {20: 99}, False),
        (["train.epochs=1"], {20: 100}, False),
        (["train.epochs=1"], {200: 100}, True),
        (["train.epochs=10"], {10: 100, 30: 100}, True),
        (["train.epochs=10"], {10: 100, 29: 100}, False),
        (["train.epochs=10", "model.cell=lstm"], {20: 100}, False),
        (["train.epochs=10", "model.cell=lstm", "train.jit_compile=true"], {20: 100}, True),
        (["train.epochs=10", "train.jit_compile=false"], {20: 100}, False),
        (["train.epochs=10", "train.compute_dtype=bfloat16"], {20: 100}, False),
    ],
)
def test_xla_is_used_where_it_pays(overrides, counts, expected):
    config = load_config("sentiment/mini", overrides)
    assert choose_jit_compile(config, Batches(counts)) is expected


def test_the_setting_is_checked():
    from rnnzoo.config import UserError

    assert load_config("sentiment/mini").train.jit_compile == "auto"
    with pytest.raises(UserError, match=r"train\.jit_compile"):
        load_config("sentiment/mini", ["train.jit_compile=sometimes"])
