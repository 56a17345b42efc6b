"""Measurements: `python -m benchmarks flow` prints a table of ratios, with `--json` one JSON line a case."""
