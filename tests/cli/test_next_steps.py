from pathlib import Path

import pytest
from rich.console import Console

from rnnzoo.cli.next_steps import show_next_steps
from rnnzoo.config.locations import find_saved_model


@pytest.mark.parametrize(
    ("root", "named"), [("saved_models", "names/of_mine"), ("elsewhere", "elsewhere/names/of_mine/1")]
)
def test_what_to_type_next(tmp_path, monkeypatch, capsys, root, named):
    monkeypatch.chdir(tmp_path)
    export = Path(root, "names", "of_mine", "1")
    export.parent.mkdir(parents=True)
    export.symlink_to(find_saved_model("names/gender").resolve())
    show_next_steps(Console(soft_wrap=True), "names/of_mine", Path("runs/names/of_mine/1"), export)
    lines = capsys.readouterr().out.splitlines()
    assert f'predict: rnnzoo predict {named} "your text"' in lines
    assert any(line.startswith(f"serve:   rnnzoo serve {named} ") for line in lines)
    assert "docker run" not in "\n".join(lines)
