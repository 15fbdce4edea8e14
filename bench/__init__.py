"""Our speed beside the tutorial's Node server, on one machine, in one run."""
