"""Daybook beside django-apscheduler, on the same work, machine and database.

`python -m benchmarks burst|throughput|schedules|edits|history [--database sqlite|postgresql]`
`python -m benchmarks candles`: series of candles, beside Django and the bare database.
Every measurement runs in a fresh database and fresh processes; the systems take turns.
"""
