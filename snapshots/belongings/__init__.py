"""All that belongs to one user: what it is, writing it to files, deleting it."""
