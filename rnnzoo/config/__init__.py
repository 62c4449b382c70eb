"""The schema of a run: loading, overriding, errors."""

from rnnzoo.config.errors import UserError
from rnnzoo.config.loading import dump_config, load_config, parse_config
from rnnzoo.config.run_configs import RUN_CONFIGS, RunConfig

__all__ = ["RUN_CONFIGS", "RunConfig", "UserError", "dump_config", "load_config", "parse_config"]
