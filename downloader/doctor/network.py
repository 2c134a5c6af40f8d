"""What the network is like: names, proxies, authorities, and whether the clock can be believed."""

import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import downloader
from downloader.doctor.finding import Finding, Question, judged
from downloader.engines.ways import Ways
from downloader.errors import DownloaderError, FetchError
from downloader.measures import without_login
from downloader.resolver import Resolver

SLOW_NAME = 0.2
"""Seconds for one look-up above which names rule a job: 16 at once are then 80 new hosts a second."""

PATIENCE = 5.0
"""Seconds that one look-up or one question for the time may take."""

SKEW = 60.0
"""Seconds between two clocks above which certificates and Retry-After dates are misjudged."""

RESOLVERS = Path("/etc/resolv.conf")


def names(question: Question) -> Iterator[Finding]:
    """Look up localhost and the hosts that were named, as a job does, each for the first time."""
    servers = name_servers(RESOLVERS)
    said = ", ".join(servers) or "none in /etc/resolv.conf: the system's own way"
    yield Finding("ok", f"name servers: {said}")
    with closing(Resolver(question.settings.reach)) as resolver:
        for host in ("localhost", *(_parts(each)[0] for each in question.hosts)):
            yield _look_up(resolver, host)
    if not question.hosts:
        yield Finding("ok", "only localhost was looked up: --host NAME measures a host of your list")


def proxies(question: Question) -> Iterator[Finding]:
    """Tell the proxies that hold, without their logins, and whether they can be read."""
    try:
        ways = _ways(question)
    except DownloaderError as error:
        yield Finding("bad", str(error), "mend or unset it, or say --proxy none")
        return
    found = [f"{scheme}={without_login(proxy.url)}" for scheme, proxy in ways.routes.proxies.items()]
    yield Finding("ok", f"asking through {', '.join(found)}" if found else "none: hosts are asked directly")


def authorities(question: Question) -> Iterator[Finding]:
    """Load the certificate authorities that a job would trust."""
    try:
        ways = _ways(question)
        held = ways.trust().cert_store_stats()["x509_ca"]
    except DownloaderError as error:
        yield Finding("bad", str(error), "mend --ca-file or SSL_CERT_FILE")
        return
    yield judged(
        f"{held} authorities of {ways.ca_file!r}, {ssl.OPENSSL_VERSION}",
        bad=not held,
        do="no https host can be trusted with none: mend --ca-file or SSL_CERT_FILE",
    )


def clock(question: Question) -> Iterator[Finding]:
    """Hold the clock against this package's own age, and against the hosts that were named."""
    now, built = time.time(), Path(downloader.__file__).stat().st_mtime
    said = datetime.fromtimestamp(now, UTC).isoformat(" ", "seconds")
    yield judged(
        said, warn=now < built - 86400, do="it is before this program was installed: set the clock, or run NTP"
    )
    start = time.monotonic(), time.time()
    time.sleep(0.05)
    drift = abs((time.monotonic() - start[0]) - (time.time() - start[1]))
    yield judged(
        "it runs evenly" if drift < 0.5 else f"it jumped by {drift:.1f} s within a moment",
        warn=drift >= 0.5,
        do="something sets the clock in leaps: times in the manifest will not be in order",
    )
    for host in question.hosts:
        yield _against(host)


def name_servers(path: Path) -> list[str]:
    """Give the name servers of a resolv.conf(5)."""
    try:
        lines = path.read_text("utf-8", "replace").splitlines()
    except OSError:
        return []
    return [words[1] for line in lines if len(words := line.split()) > 1 and words[0] == "nameserver"]


def _look_up(resolver: Resolver, host: str) -> Finding:
    start = time.monotonic()
    try:
        addresses = resolver.addresses(host, PATIENCE)
    except FetchError as error:
        return Finding("bad", f"{host}: {error}", "check its spelling, the name servers and the network")
    took = time.monotonic() - start
    found = f"{host}: {', '.join(addresses)} in {took * 1000:.1f} ms"
    return judged(found, warn=took > SLOW_NAME, do="raise --dns-jobs and --dns-ttl, or use a name server nearby")


def _against(host: str) -> Finding:
    name, port = _parts(host)
    connection = http.client.HTTPConnection(name, port, timeout=PATIENCE)
    try:
        connection.request("HEAD", "/")
        theirs = parsedate_to_datetime(connection.getresponse().headers["Date"])
        skew = time.time() - theirs.timestamp()
    except (OSError, http.client.HTTPException, ValueError, TypeError) as error:
        do = "the clock is not held against it; give a host that answers http"
        return Finding("warn", f"{host} does not tell the time: {type(error).__name__}", do)
    finally:
        connection.close()
    return judged(
        f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} {host}",
        warn=abs(skew) > SKEW,
        do="set the clock, or run NTP: certificates and Retry-After dates are misjudged",
    )


def _parts(host: str) -> tuple[str, int]:
    name, colon, port = host.rpartition(":")
    return (name, int(port)) if colon and port.isdigit() else (host, http.client.HTTP_PORT)


def _ways(question: Question) -> Ways:
    ways = Ways.of(question.settings, question.surroundings, socket.getaddrinfo)
    ways.resolver.close()  # nothing is looked up by it
    return ways
