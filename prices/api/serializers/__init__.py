"""What the endpoints take and answer."""
