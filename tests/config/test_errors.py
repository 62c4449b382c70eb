"""UserError: one message with file, key, got, allowed and nearest."""

import pytest

from rnnzoo.config.errors import UserError, nearest_name


def test_message_names_file_key_got_allowed_nearest_and_hint():
    error = UserError(
        "unknown key", file="run.toml", key="model.unit", got="unit", allowed=["units", "cell"], hint="see docs"
    )
    assert str(error).splitlines() == [
        "run.toml: model.unit: unknown key",
        "  got:      'unit'",
        "  allowed:  units, cell",
        "  nearest:  units",
        "  hint:     see docs",
    ]
    assert error.exit_code == 2


def test_only_what_is_given_is_said():
    assert str(UserError("it broke")) == "it broke"
    assert str(UserError("it broke", got=None)) == "it broke\n  got:      None"


def test_long_lists_are_cut_to_the_likeliest():
    names = [f"class_{number:03}" for number in range(500)]
    message = str(UserError("no such class", got="clas_321", allowed=names))
    assert "class_321" in message and "(500 in all)" in message
    assert len(message) < 600
    assert "(500 in all)" in str(UserError("no class given", allowed=names))


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("LSTM", "lstm"), ("lstn", "lstm"), ("Adam", "Adam"), ("imdb", "imdb_reviews"), ("zebra", None), ("", None)],
)
def test_nearest_name_ignores_case_and_completes(name, nearest):
    assert nearest_name(name, ["lstm", "gru", "Adam", "imdb_reviews"]) == nearest


def test_in_file_adds_a_file_and_keeps_the_rest():
    error = UserError("no such split", key="data.test_split", got="tset", allowed=iter(["test"])).in_file("run.toml")
    assert str(error).startswith("run.toml: data.test_split: no such split")
    assert "nearest:  test" in str(error)


def test_in_file_does_not_hide_another_file():
    error = UserError("damaged", file="data/info.json").in_file("run.toml")
    assert str(error).startswith("data/info.json: damaged")
