"""The catalogue of configs and exports, and their scores."""
