"""One attempt of a run: claimed, called, captured, recorded, settled."""
