"""Venues of our own, on this machine: they speak each venue's format at its own paths.

`make demo` shows Daybook with them where there is no internet, and the tests hold the clients
to them. What they tell is made up, and the same each time.
"""
