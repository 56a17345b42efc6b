"""Measurements: `python -m benchmarks flow` and `flights` print tables of ratios; `--json` one JSON line a case."""
