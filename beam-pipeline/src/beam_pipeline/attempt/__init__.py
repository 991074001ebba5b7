"""One attempt of a plan: the graph, run to its end or submitted, and why it failed."""
