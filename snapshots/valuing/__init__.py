"""What an answer is worth: made whole, in each currency that is asked for."""
