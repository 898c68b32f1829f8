"""How REST takes values and filters, for the endpoints of all apps: closed, strict, with hints.

Errors, pages, authentication and the schema are set for all of them in the settings.
"""
