"""Measurements: `python -m benchmarks flow` and `flights` print tables of ratios, with `--json` one JSON line a case."""
