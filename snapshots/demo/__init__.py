"""Sources of our own, on this machine: each speaks its format at its own paths.

What they tell is made up, and the same each time.
"""
