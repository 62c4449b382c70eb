"""Results become tables, plots and part of a document."""

import pytest

from benchmarks.plots import plot_results
from benchmarks.report import insert_report, make_report
from benchmarks.shapes import TRAINING_SHAPES
from rnnzoo.config import UserError

FIGURES = {
    "threads": 2,
    "seconds": 0.02,
    "tokens_per_second": 320_000.0,
    "share_of_limit": 0.7,
    "memory": 50.0,
    "first_step_seconds": 1.5,
}
TRAINING = {
    "machine": {
        "processor": "P",
        "cores": 2,
        "system": "Linux",
        "versions": {"keras": "3"},
        "date": "2000-01-01",
    },
    "shapes": [
        {
            "shape": TRAINING_SHAPES[0].to_json(),
            "label": TRAINING_SHAPES[0].label,
            "products": {"large": 2e9, "recurrent": 1e9},
            "limits": {"2": {"large": 4e11, "step": 1e11, "seconds": 0.014}},
            "peers": {"keras": {**FIGURES, "tokens_per_second": 160_000.0}, "rnnzoo": FIGURES},
            "errors": {"torch": "WorkerError: no"},
            "fastest_stock": "keras",
            "fastest_ours": "rnnzoo",
            "speedup": 2.0,
            "share_of_limit": 0.7,
        }
    ],
    "summary": {
        "geometric_mean_speedup": 2.0,
        "least_speedup": 2.0,
        "geometric_mean_share_of_limit": 0.7,
        "least_share_of_limit": 0.7,
    },
}


def test_training_table_names_the_fastest_and_who_failed():
    report = make_report({"training": TRAINING})
    assert "| language model: 64 × 100, 64, 256, 100 | **160** | **320** | 2.00 × | 70% |" in report
    assert "PyTorch failed: WorkerError: no" in report
    assert "P, 2 cores" in report


def test_plots_are_png(tmp_path):
    (path,) = plot_results({"training": TRAINING}, tmp_path)
    assert path.read_bytes().startswith(b"\x89PNG")


def test_tables_go_between_the_marks(tmp_path):
    document = tmp_path / "speed.md"
    document.write_text("before\n<!-- benchmarks: begin -->\nold\n<!-- benchmarks: end -->\nafter\n")
    insert_report("new", document)
    assert document.read_text() == "before\n<!-- benchmarks: begin -->\n\nnew\n\n<!-- benchmarks: end -->\nafter\n"
    document.write_text("no marks")
    with pytest.raises(UserError, match="no place for the tables"):
        insert_report("new", document)
