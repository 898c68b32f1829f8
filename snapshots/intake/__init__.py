"""Take in what people bring: uploaded files, and the past as their sources tell it."""
