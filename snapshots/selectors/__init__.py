"""What pages and endpoints read of portfolios: curves, P&L, positions, measures."""
