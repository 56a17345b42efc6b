"""What the config of a graph is called on the command line."""

from collections.abc import Collection


def option_name(config: str, taken: Collection[str], *, is_flag: bool = False) -> str:
    """Return the option for a config: `sort_by` becomes `--sort-by`, with `config-` before it while that is taken."""
    option = f"--{config.strip('_').replace('_', '-') or 'config'}"
    while option in taken or (is_flag and negative(option) in taken):
        option = f"--config-{option[2:]}"
    return option


def negative(option: str) -> str:
    """Return the option that switches a flag off: `--strict` has `--no-strict`."""
    return f"--no-{option[2:]}"
