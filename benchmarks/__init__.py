"""Daybook beside django-apscheduler, on the same work, machine and database.

`python -m benchmarks burst|throughput|schedules|edits|history [--database sqlite|postgresql]`
Every measurement runs in a fresh database and fresh processes; the systems take turns.
"""
