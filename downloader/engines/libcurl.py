"""Whether the libcurl that is here, and pycurl between us, can do what the curl engine asks of them."""

import pycurl

LEAST = (8, 19, 0)
"""The oldest libcurl known to try a host's addresses side by side: 8.11 tries the next only when half of the time to
connect is over, so that one dead address makes the host dead."""

_ASKED = ("ACTIVESOCKET", "RESOLVER_START_FUNCTION")  # which pycurl 7.45 does not know


def unfit() -> str:
    """Say why it cannot, and what to do; nothing where it can."""
    number = pycurl.version_info()[2]
    if all(hasattr(pycurl, name) for name in _ASKED) and (number >> 16, number >> 8 & 255, number & 255) >= LEAST:
        return ""
    here = " and ".join(pycurl.version.split()[:2])
    return (
        f"needs pycurl 7.46 and libcurl {'.'.join(map(str, LEAST))} or newer, here is {here}: "
        "pip install -U 'parallel-image-downloader[fast]'"
    )
