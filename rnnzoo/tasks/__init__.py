"""One file a task: where text pipeline, builder, loss, metrics and signatures meet."""
