"""Portfolios as answers: for the endpoints, and for the pages that show the same."""
