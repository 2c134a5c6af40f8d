"""The rules, pure: no socket, file, thread, sleep or environment; time and randomness are passed in."""
