"""Ways to drive a net: today in one batch, from its inputs to its end."""
