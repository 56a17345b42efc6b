"""What a net is: packets, ports, components and graphs, as declarations. Nothing here waits."""
