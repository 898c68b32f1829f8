"""Any exchange that ccxt knows, with ccxt's faults corrected.

ccxt knows the addresses, the fields and the words of about a hundred exchanges. What it is not
trusted with is in here: sending, waiting its turn, retrying, reading numbers, naming errors.
"""
