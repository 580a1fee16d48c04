"""Hostile input, one attempt at a time: each module has `attempt(rng)`, which raises AssertionError when something gives way."""
