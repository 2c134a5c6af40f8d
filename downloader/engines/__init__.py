"""How the waiting is done. Everything but the waiting is shared, so that comparing engines compares nothing else."""
