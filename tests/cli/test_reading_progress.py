"""What is shown of reading: nothing of what is quick, a line on a terminal of what is not."""

import io

import pytest
from rich.console import Console

from rnnzoo.cli import reading_progress
from rnnzoo.cli.reading_progress import show_reading
from rnnzoo.datasets.progress import tell_watcher


@pytest.fixture
def clock(monkeypatch):
    """A clock that goes on when it is told to."""

    class Clock:
        now = 0.0

    monkeypatch.setattr(reading_progress.time, "monotonic", lambda: Clock.now)
    return Clock


def read(clock, num_examples, seconds_each, num_batches, **console):
    output = io.StringIO()
    with (
        show_reading(Console(file=output, width=200, **console)),
        tell_watcher("counting words", num_examples) as advance,
    ):
        for _ in range(num_batches):
            clock.now += seconds_each
            advance(500)
    return output.getvalue()


def test_what_is_quick_is_not_shown(clock):
    assert read(clock, 2000, 0.1, 4, force_terminal=True) == ""


def test_on_a_terminal_it_is_told_how_far_it_is(clock):
    shown = read(clock, 5000, 1.0, 5, force_terminal=True)
    assert "counting words: 2,500 of 5,000 examples, 5 s left" in shown
    assert "examples in" not in shown


def test_an_unknown_number_is_left_out(clock):
    assert "counting words: 2,500 examples …" in read(clock, None, 1.0, 5, force_terminal=True)


def test_elsewhere_only_what_took_long_is_told(clock):
    assert read(clock, 5000, 1.0, 10) == ""
    assert read(clock, 4800, 200.0, 10) == "counting words: 4,800 examples in 33 min\n"


def test_a_line_that_is_there_already_is_used_and_left(clock):
    console = Console(file=io.StringIO(), force_terminal=True, width=200)
    with console.status("reading the data …") as status:
        with show_reading(console, status), tell_watcher("encoding", None) as advance:
            for _ in range(5):
                clock.now += 1.0
                advance(500)
        assert "encoding: 2,500 examples" in str(status.status)
