"""Peers that are no dependency of ours: they run in `.venv-peers`, which is made when it is needed.

Each module has the same measurement as `benchmarks.daybook`, and prints its figures as JSON.
"""
