"""Candles in files: read as freqtrade and others write them, and written exactly."""
