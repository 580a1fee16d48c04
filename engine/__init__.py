"""HOW it is inferred: a validated case in, a trace out; two evaluators, one answer."""
