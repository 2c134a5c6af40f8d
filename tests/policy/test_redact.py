"""Secrets are found in what others wrote, and masked."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.policy.heads import basic
from downloader.policy.redact import LEAST, MASK, RUN, redact

TOKEN = "sk-9f8e7d6c5b4a/XYZ+1=="
BEARER = f"Bearer {TOKEN}"
LOGIN = basic("me", 'pa"ss\\w0rd/%é')


@pytest.mark.parametrize(
    "said",
    [
        TOKEN,
        TOKEN.upper(),
        quote(TOKEN, safe=""),
        quote(TOKEN, safe="").lower(),
        TOKEN[:RUN],
        TOKEN[5:],
        TOKEN.encode().hex(" "),
    ],
)
def test_a_token_is_masked(said):
    """Whole or in part, in any case, escaped, in hexadecimal; what stands around it stays."""
    assert redact(f"status 'é{said}' so", [BEARER]) == f"status 'é{MASK}' so"


@pytest.mark.parametrize(
    "said", [LOGIN.removeprefix("Basic "), 'me:pa"ss\\w0rd/%é', 'pa"ss\\w0rd/%é', repr('pa"ss\\w0rd/%é')[1:-1]]
)
def test_a_login_is_masked(said):
    """In Base64 and in clear, and quoted; the password alone as well."""
    assert redact(f"you said <{said}>", [LOGIN]) == f"you said <{MASK}>"


def test_the_word_before_a_token_is_none():
    """What it is stays readable."""
    assert redact(f"no {BEARER} is known", [BEARER]) == f"no Bearer {MASK} is known"


def test_each_cookie_is_masked():
    """By its value."""
    assert redact("neither s3cret nor 42424242", ["a=s3cret; b=42424242"]) == f"neither {MASK} nor {MASK}"


def test_what_is_no_secret_stays():
    """Texts that share a few characters with a secret, and secrets too short to be looked for."""
    assert redact("status 404: sk-9f8e", [BEARER, "abc", "x=404", "Basic b", ""]) == "status 404: sk-9f8e"


@given(st.text(), st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=LEAST), st.text())
def test_no_secret_survives(before, secret, after):
    """Whatever stands around it."""
    assert secret.lower() not in redact(before + secret + after, [secret]).replace(MASK, "\0").lower()
