"""Servers that repeat what they were told: it is masked, whatever they repeat it in."""

import pytest

from tests.support.hostile import JPEG, sized

TOKEN = "t0ken-c4n4ry-of-the-bearer"


def echo(connection, _):
    """Say back what was said, in the answer's body, or where the path asks for it."""
    said = connection.request.headers["authorization"].partition(" ")[2]
    path = connection.request.path
    heads = {
        "/reason": f"HTTP/1.1 404 {said}\r\nContent-Length: 0\r\n\r\n",
        "/location": f"HTTP/1.1 302 x\r\nLocation: /good.jpg?{said}\r\nContent-Length: 0\r\n\r\n",
        "/nowhere": f"HTTP/1.1 302 x\r\nLocation: gopher://{said}/\r\nContent-Length: 0\r\n\r\n",
        "/length": f"HTTP/1.1 200 OK\r\nContent-Length: {said}\r\n\r\n",
        "/name": f"HTTP/1.1 200 OK\r\n{said}?: x\r\n\r\n",
    }
    connection.send(heads[path].encode() if path in heads else sized(f"unknown token {said}!".encode()))
    return path != "/length"


def tagged(connection, _):
    """Send an image that bears the token as its tag."""
    said = connection.request.headers["authorization"]
    connection.send(sized(JPEG, f'ETag: "{said}"'))
    return True


@pytest.mark.parametrize("path", ["/reason", "/location", "/nowhere", "/length", "/name", "/body", "/tagged.jpg"])
def test_a_server_that_says_secrets_back(ask, hostile, tmp_path, path):
    """What it repeats is masked in outcomes, and in every file of the folder."""
    hostile.scripts |= dict.fromkeys(("/reason", "/location", "/nowhere", "/length", "/name", "/body"), echo)
    hostile.scripts["/tagged.jpg"] = tagged
    url = hostile.url(path)
    found, _ = ask(url, auth=[f"http://127.0.0.1:{hostile.port}=bearer:T"], variables={"T": TOKEN}, retries=0)
    assert hostile.requests[0].headers["authorization"] == f"Bearer {TOKEN}"
    assert found[url]
    kept = b"".join(file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file())
    assert TOKEN[:12] not in str(found).lower()
    assert TOKEN[:12].encode() not in kept.lower()
    if path in ("/location", "/nowhere", "/body", "/tagged.jpg"):  # which are told of, by every engine
        assert b"***" in kept


def test_a_password_that_is_a_word(ask, hostile):
    """What the list itself says is not masked, though a short password stand in it."""
    url = hostile.url("/good.jpg")
    found, _ = ask(url, auth=[f"http://127.0.0.1:{hostile.port}=me:good"])
    assert found[url].image.final_url == url
