import pytest

from rnnzoo.config import load_config
from rnnzoo.training.compilation import choose_jit_compile


class Batches:
    def __init__(self, counts):
        self.shapes = {(64, width): count for width, count in enumerate(counts)}

    def __len__(self):
        return sum(self.shapes.values())


@pytest.mark.parametrize(
    ("overrides", "counts", "expected"),
    [
        (["train.epochs=10"], [80, 80], True),
        (["train.epochs=1"], [200, 200], False),
        (["train.epochs=10"], [110, 50], True),
        (["train.epochs=10"], [79] * 4, False),
        (["train.epochs=10", "model.cell=lstm"], [200, 200], False),
        (["train.epochs=10", "model.cell=lstm", "train.jit_compile=true"], [200, 200], True),
        (["train.epochs=10", "train.jit_compile=false"], [200, 200], False),
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
