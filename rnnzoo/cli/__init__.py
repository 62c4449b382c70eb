"""One click command a file, without logic; TensorFlow is imported inside the commands."""
