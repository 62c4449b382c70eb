"""One training loop for all tasks: optimizers, checkpoints, curves, run folders."""
