"""The debugger: a net in the terminal, made step by step, taken back, and kept as a test."""
