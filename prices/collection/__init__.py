"""Collecting from venues into the store: lists, candles, last prices, and what is missing."""
