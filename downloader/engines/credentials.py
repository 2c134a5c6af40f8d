"""Reading what opens doors: logins of a netrc, of --auth and the environment, cookies of a file."""

import re
import time
import warnings
from collections.abc import Mapping
from http.cookiejar import LoadError, MozillaCookieJar
from netrc import NetrcParseError, netrc

from downloader.errors import BadUrl, UsageError
from downloader.measures import NONE
from downloader.policy.address import normalise, origin
from downloader.policy.cookies import Cookies
from downloader.policy.heads import Credentials, basic
from downloader.settings import Settings
from downloader.settings.request import Login, login
from downloader.surroundings import Surroundings


def read_credentials(settings: Settings, surroundings: Surroundings) -> Credentials:
    """Read all that the settings name. Raises UsageError, whose text quotes nothing of what it read."""
    named = map(login, settings.request.auth)
    return Credentials(
        by_origin={_origin(each): _authorization(each, surroundings.variables) for each in named},
        by_host=_netrc(settings.reach.netrc, surroundings.netrc),
        cookies=_cookies(settings.request.cookies) if settings.request.cookies else None,
    )


def _origin(named: Login) -> str:
    try:
        url = normalise(f"{named.origin}/")
    except BadUrl:
        url = ""
    if url.count("/") != 3 or "?" in url:
        raise UsageError("--auth cannot be read: before '=' stands HOST, HOST:PORT or http://HOST[:PORT], all in ASCII")
    return origin(url)


def _authorization(named: Login, variables: Mapping[str, str]) -> str:
    if not named.variable:
        return basic(named.user or "", named.password)
    if not (secret := variables.get(named.variable, "")):
        # Who writes the secret itself where the name belongs shall not read it in a log.
        named_well = re.fullmatch(r"[A-Z][A-Z0-9_]*", named.variable)
        which = repr(named.variable) if named_well else "variable of the name behind 'bearer:' or 'env:'"
        raise UsageError(f"--auth {named.origin}: the environment has no {which}: set it to the secret")
    if named.user is not None:
        return basic(named.user, secret)
    if not (secret.isascii() and secret.isprintable()) or " " in secret:
        raise UsageError(f"--auth {named.origin}: {named.variable!r} of the environment holds what is no token")
    return f"Bearer {secret}"


def _cookies(path: str) -> Cookies:
    """Read a file of cookies; those of a session are taken as well."""
    jar = MozillaCookieJar()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the library warns of what it raises
            jar.load(path, ignore_discard=True, ignore_expires=True)
    except (LoadError, ValueError):  # whose words quote the line, and with it a cookie
        raise UsageError(
            f"the cookies {path!r} are not in Netscape's format: the first line must be '# Netscape HTTP Cookie File', "
            "each other one seven fields with a tab between"
        ) from None
    except OSError as error:
        raise UsageError(
            f"the cookies {path!r} cannot be read: {error.strerror or error}; check the path given to --cookies"
        ) from error
    return Cookies.of(jar, time.time())


def _netrc(named: str | None, usual: str | None) -> Mapping[str, str]:
    """Read a file of logins; the usual one may be missing, or not for us to read.

    Its "default" entry is passed over: a list of URLs leads to hosts that nobody has named.
    """
    path = named or usual
    if path is None or path == NONE:
        return {}
    try:
        entries = netrc(path).hosts
    except NetrcParseError as error:  # whose words quote what it stumbled over, a password perhaps
        raise UsageError(f"the logins {path!r} cannot be read: line {error.lineno} is odd; {_WITHOUT}") from None
    except (OSError, ValueError) as error:
        if named is None and isinstance(error, OSError):
            return {}
        said = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UsageError(f"the logins {path!r} cannot be read: {said}; {_WITHOUT}") from None
    entries.pop("default", None)
    return {host.lower(): basic(login, password or "") for host, (login, _, password) in entries.items()}


_WITHOUT = "--netrc none goes without"
