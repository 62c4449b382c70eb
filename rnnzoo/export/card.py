"""The model card of an export, from the facts of its run."""

import json
from collections.abc import Mapping
from typing import Any

from rnnzoo.config import RunConfig
from rnnzoo.config.locations import served_name
from rnnzoo.config.schema import CellSection
from rnnzoo.evaluation import describe_size


def write_card(
    config: RunConfig,
    result: Mapping[str, Any],
    signatures: Mapping[str, Any],
    examples: list[str | dict[str, Any]],
    about_inputs: str,
) -> str:
    """Returns the card in Markdown.

    Args:
        config: The run's config.
        result: Its `metrics.json`.
        signatures: The exported functions by signature.
        examples: Rows for the example request.
        about_inputs: What becomes of inputs that are long, odd or empty.
    """
    test, model = result["test"], config.model
    seeds = result.get("seeds") or [{"seed": result["seed"], **test}]
    metrics = [name for name, value in test.items() if isinstance(value, float)]
    lines = [
        f"# {config.name}",
        "",
        f"{config.task.replace('_', ' ').capitalize()} with {_describe_layers(model)} ({model.stack} stack), "
        f"{result['parameters']:,} parameters.{_describe_tables(config)}",
        "",
        "## Scores",
        "",
        f"On the split `{test['split']}` of `{config.data.title}` ({describe_size(test)}), by which this "
        "run chose nothing: early stopping and the best epoch go by other examples.",
        "",
        f"| metric | this export (seed {result['seed']}) | mean of {len(seeds)} seed"
        f"{'s' if len(seeds) > 1 else ''} | range |",
        "|---|---|---|---|",
    ]
    for name in metrics:
        values = [seed[name] for seed in seeds]
        mean = sum(values) / len(values)
        spread = f"{min(values):.4f} to {max(values):.4f}"
        lines.append(f"| {name.replace('_', ' ')} | {test[name]:.4f} | {mean:.4f} | {spread} |")
    validation = result["validation"]
    lines += [
        "",
        f"On what it was chosen on ({validation['split']}: {describe_size(validation)}) the same model has "
        f"{result['headline_metric'].replace('_', ' ')} {validation[result['headline_metric']]:.4f}.",
        "",
        "## Training",
        "",
        f"`rnnzoo train {config.name}`: {result['minutes']:.1f} minutes on {result['cores']} cores "
        f"({result['processor']}), {result['epochs']} epochs, the best was epoch {result['best_epoch']}. "
        "All settings are in `config.toml` beside this card.",
        "",
        "## Data",
        "",
        config.export.data_note or _describe_source(config),
        "",
        "## Signatures",
        "",
        "| signature | inputs | outputs |",
        "|---|---|---|",
    ]
    for name, function in signatures.items():
        concrete = function.get_concrete_function()
        inputs = concrete.structured_input_signature[0] or tuple(concrete.structured_input_signature[1].values())
        outputs = concrete.structured_outputs
        lines.append(
            f"| `{name}` | {', '.join(_tensor(spec.name, spec) for spec in inputs)} | "
            f"{', '.join(_tensor(key, spec) for key, spec in outputs.items())} |"
        )
    # Rows with sequences of unlike length do not go into one request.
    instances = examples[: 2 if isinstance(examples[0], str) else 1]
    request = _quote_json({"instances": instances})
    lines += [
        "",
        about_inputs,
        "",
        "```sh",
        f"rnnzoo predict {config.name} {_quote(examples[0])}",
        f"curl -d {request} http://localhost:8501/v1/models/{served_name(config.name)}:predict",
        "```",
        "",
    ]
    return "\n".join(lines)


def _describe_layers(model: CellSection) -> str:
    if hasattr(model, "encoder_layers"):
        reads = f"{model.encoder_layers} bidirectional `{model.cell}` layer{'s' if model.encoder_layers > 1 else ''}"
        attention = "no attention" if model.attention == "none" else f"{model.attention} attention"
        return f"{reads} that read, {model.decoder_layers} that write, {model.units} units, {attention}"
    direction = "bidirectional " if getattr(model, "bidirectional", False) else ""
    layers = f"{direction}`{model.cell}` layer{'s' if model.num_layers > 1 else ''}"
    return f"{model.num_layers} {layers} of {model.units} units"


def _describe_tables(config: RunConfig) -> str:
    if config.export.float16_weights:
        return " The weights are stored as float16, to which they were rounded before the model was scored."
    if not config.export.float16_tables or getattr(config.model, "input", "embedding") != "embedding":
        return ""
    return " Its embeddings are stored as float16, to which they were rounded before the model was scored."


def _describe_source(config: RunConfig) -> str:
    data = config.data
    if not data.files.is_given:
        return f"TFDS `{data.dataset}`; see its page in the TFDS catalogue for the licence."
    files = data.files
    names = filter(None, (files.path, files.train, files.validation, files.test))
    return f"Files: {', '.join(f'`{name}`' for name in names)}; `export.data_note` does not say where they are from."


def _tensor(name: str, spec: Any) -> str:
    shape = ", ".join(
        "batch" if place == 0 else "time" if size is None else str(size) for place, size in enumerate(spec.shape)
    )
    return f"`{name}` {spec.dtype.name} ({shape})"


def _quote_json(value: Any) -> str:
    return "'" + json.dumps(value, ensure_ascii=False).replace("'", "'\\''") + "'"


def _quote(row: str | dict[str, Any]) -> str:
    if not isinstance(row, str):
        return f"--label {_quote(row['label'])}" if "label" in row else _quote_json(row)
    return '"' + row.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("`", "\\`") + '"'
