"""What the admin pages of all apps share: how times, labels and cells look."""
