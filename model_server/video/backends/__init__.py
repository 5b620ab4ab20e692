"""Ways to compute the network of one checkpoint; each import stands in the way that needs it."""
