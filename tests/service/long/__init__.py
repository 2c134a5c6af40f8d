"""Jobs of the service that take some seconds, and what happens to them meanwhile."""
