"""A running net: edges and ports that wait, nodes, and the exact knowledge of whether anything can still move."""
