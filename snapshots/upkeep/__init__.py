"""What keeps all else in order: logins alive, data thinned, what is stale named, answers warm."""
