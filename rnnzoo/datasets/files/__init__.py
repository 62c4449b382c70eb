"""Files of the user's own as prepared TFDS sets: csv, tsv, jsonl, a folder a class, a text a line, CoNLL, running
text, a file for each language."""

from rnnzoo.datasets.files.preparation import describe_files, open_files

__all__ = ["describe_files", "open_files"]
