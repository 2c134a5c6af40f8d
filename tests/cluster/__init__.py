"""One job over several processes."""
