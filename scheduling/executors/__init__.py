"""Where the code of runs runs. A child process imports this package before Django is set up."""
