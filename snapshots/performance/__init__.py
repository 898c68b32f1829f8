"""What a portfolio earned and risked: arithmetic only, no row is read here."""
