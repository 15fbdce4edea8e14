"""What each `relay` command does; relay.__main__ reads the command line."""
