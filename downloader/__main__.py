"""``python -m downloader``, and where the installed command begins."""

import signal


def main() -> None:
    """Run the command line; Ctrl-C while it is being loaded ends the process as it does any program, by the signal."""
    before = signal.signal(signal.SIGINT, signal.SIG_DFL) if _is_pythons() else None
    from downloader.cli import main as run

    if before is not None:
        signal.signal(signal.SIGINT, before)
    run()


def _is_pythons() -> bool:
    """Tell whether Ctrl-C would raise KeyboardInterrupt: not where who started us has it ignored."""
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


if __name__ == "__main__":
    main()
