"""The rows of the benchmark, one a file: each has a TITLE, and ``bench``, which takes the stage and tells what came."""
