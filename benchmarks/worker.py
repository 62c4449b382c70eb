"""A worker process: does one kind of work with a fixed number of threads, whenever it is asked.

`python -m benchmarks.worker SPEC` with SPEC in JSON: `work` (a name below), `threads`, and what that
work takes. One JSON object a line: the worker writes its facts once it is ready, then reads a request and
writes an answer, until its input ends. Between requests it is blocked on reading.
"""

import importlib
import json
import os
import sys
from typing import Any, Protocol

# By name, so that a worker imports only what it runs.
_WORKS = {
    "limits": "benchmarks.limits:LimitsWork",
    "products": "benchmarks.breakdown:ProductsWork",
    "training/tensorflow": "benchmarks.tensorflow_work:TrainingWork",
    "inference/tensorflow": "benchmarks.tensorflow_work:InferenceWork",
    "layer/tensorflow": "benchmarks.tensorflow_work:LayerWork",
    "training/torch": "benchmarks.torch_work:TrainingWork",
    "inference/torch": "benchmarks.torch_work:InferenceWork",
    "layer/torch": "benchmarks.torch_work:LayerWork",
    "generation/tensorflow": "benchmarks.generation_work:GenerationWork",
    "generation/torch": "benchmarks.generation_work:GenerationWork",
    "translator_training/tensorflow": "benchmarks.translation_work:TranslatorTrainingWork",
    "translator_training/torch": "benchmarks.translation_work:TranslatorTrainingWork",
    "translating/tensorflow": "benchmarks.translation_work:TranslationWork",
    "translating/torch": "benchmarks.translation_work:TranslationWork",
    "serving/tensorflow": "benchmarks.serving_work:ServingWork",
    "serving/torch": "benchmarks.serving_work:ServingWork",
    "encode": "benchmarks.end_to_end_rnnzoo:EncodeWork",
    "end_to_end/rnnzoo": "benchmarks.end_to_end_rnnzoo:RnnzooWork",
    "end_to_end/keras": "benchmarks.end_to_end_keras:KerasWork",
    "end_to_end/torch": "benchmarks.end_to_end_torch:TorchWork",
}


class Work(Protocol):
    """What a worker does; made from the fields of SPEC.

    Attributes:
        facts: What is known once it is ready, such as the time of the first step.
    """

    facts: dict[str, Any]

    def answer(self, **request: Any) -> dict[str, Any]:
        """Does the work of one request."""


def main() -> None:
    """Runs the worker."""
    # Libraries print: the pipe is for answers alone.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())

    def send(message: dict[str, Any]) -> None:
        answers.write(json.dumps(message) + "\n")
        answers.flush()

    try:
        spec = json.loads(sys.argv[1])
        module, _, name = _WORKS[spec.pop("work")].partition(":")
        work: Work = getattr(importlib.import_module(module), name)(**spec)
        send(work.facts)
        for line in sys.stdin:
            send(work.answer(**json.loads(line)))
    except Exception as error:
        send({"error": f"{type(error).__name__}: {str(error).strip()[:500]}"})
        raise


if __name__ == "__main__":
    main()
