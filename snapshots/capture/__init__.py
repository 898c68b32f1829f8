"""Take snapshots: of which accounts, how far an answer is trusted, what is kept."""
