"""Translate a request in, call one verb, translate the answer out."""
