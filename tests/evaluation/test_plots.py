"""Pictures: written, of a sensible size, and for any class name."""

import matplotlib.image
import numpy as np
import pytest

from rnnzoo.evaluation import plot_confusion_matrix, plot_curves


def read_size(path):
    """Returns the height and width of a picture that is not of one colour."""
    pixels = matplotlib.image.imread(path)
    assert np.ptp(pixels) > 0.5
    return pixels.shape[:2]


@pytest.mark.parametrize("num_classes", [2, 20, 60])
def test_confusion_matrix(num_classes, tmp_path):
    counts = np.diag(np.arange(num_classes) * 1000)
    plot_confusion_matrix(counts.tolist(), [f"class {place}" for place in range(num_classes)], tmp_path / "x.png")
    height, width = read_size(tmp_path / "x.png")
    # Room for a label beside each cell.
    assert min(height, width) > 25 * num_classes
    assert max(height, width) < 4000


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("names", [["$5", "$x_$"], [r"$\foo$", ""], ["良い", "a\nb"]])
def test_class_names_are_not_read_as_formulas(names, tmp_path):
    plot_confusion_matrix([[1, 0], [0, 1]], names, tmp_path / "x.png")
    read_size(tmp_path / "x.png")


def test_curves_have_a_panel_for_each_metric(tmp_path):
    history = [
        {"epoch": 1, "loss": 0.7, "validation_loss": 0.8, "seconds": 2.0, "validation_num_examples": 9},
        {"epoch": 2, "loss": 0.5, "validation_loss": 0.6, "seconds": 2.0, "validation_num_examples": 9},
    ]
    plot_curves(history, tmp_path / "one.png")
    # A metric of validation alone, missing at first.
    plot_curves([history[0], history[1] | {"validation_accuracy": 0.5}], tmp_path / "two.png")
    (height, width), two = read_size(tmp_path / "one.png"), read_size(tmp_path / "two.png")
    assert two == (height, 2 * width)


def test_curves_of_one_epoch(tmp_path):
    plot_curves([{"epoch": 1, "loss": 0.7}], tmp_path / "x.png")
    read_size(tmp_path / "x.png")
