"""The endpoints of portfolios. Whoever asks sees his own, staff see all."""
