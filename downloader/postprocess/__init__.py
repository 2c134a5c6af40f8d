"""What is done to one image inside one worker process: pure, in memory, and only here are untrusted bytes decoded."""
