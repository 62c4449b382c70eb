"""From a finished run to a checked export."""

import json
import os
from pathlib import Path

from rnnzoo.config import RunConfig, dump_config
from rnnzoo.export.card import write_card
from rnnzoo.export.exporter import ExportResult, export_model
from rnnzoo.export.float16_storage import store_tables_as_float16, store_weights_as_float16
from rnnzoo.training.run import load_run
from rnnzoo.training.run_folder import RunFolder


def export_run(folder: RunFolder, root: Path) -> ExportResult:
    """Exports the model of a finished run to `<root>/<row name>/<next version>/`, after checking it.

    Args:
        folder: The run's folder.
        root: Folder of the exports.

    Raises:
        UserError: The run is not finished, a key `export.float16_…` was set after training, or a check failed.
    """
    result = folder.read_json("metrics.json")
    task, model = load_run(folder)
    config = _without_absolute_paths(task.config)
    if config.export.float16_weights:
        model = store_weights_as_float16(task, model)
    elif config.export.float16_tables:
        model = store_tables_as_float16(model)
    module, signatures = task.make_serving_module(model)
    examples = task.example_inputs()
    extra_files: dict[str, str | bytes] = {
        "config.toml": dump_config(config),
        "score.json": json.dumps({**result, "examples": examples}, indent=2, ensure_ascii=False) + "\n",
        "card.md": write_card(config, result, signatures, examples, task.describe_inputs()),
    }
    for path in sorted((folder.path / "vocabularies").iterdir()):
        extra_files[path.name] = path.read_bytes()
    return export_model(
        module,
        signatures,
        row_name=config.name,
        root=root,
        requests=task.reference_requests(),
        extra_files=extra_files,
        num_parameters=model.count_params(),
        max_bytes=int(config.export.max_megabytes * 1_000_000),
    )


def _without_absolute_paths(config: RunConfig) -> RunConfig:
    """Returns the config with files below the folder that holds them all, which `--data-dir` names elsewhere."""
    paths = {key: Path(name) for key, name in config.data.files.named_files.items() if os.path.isabs(name)}
    if paths:
        root = os.path.commonpath([path.parent for path in paths.values()])
        names = {key: path.relative_to(root).as_posix() for key, path in paths.items()}
        data = config.data.model_copy(update={"files": config.data.files.model_copy(update=names)})
        config = config.model_copy(update={"data": data})
    vectors = getattr(getattr(config, "text", None), "pretrained_vectors", "")
    if os.path.isabs(vectors):
        text = config.text.model_copy(update={"pretrained_vectors": Path(vectors).name})
        config = config.model_copy(update={"text": text})
    return config
