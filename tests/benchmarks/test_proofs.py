"""No figure without every file: what a run must have stored, and how each tool's files are found."""

from pathlib import Path

import pytest
from harness import peers
from harness.smallfiles import BYTES, Small, Whole
from harness.turns import Unfit
from rows import lines

BASE = "http://127.0.0.1:1"


@pytest.fixture
def served(tmp_path):
    """Give a folder of three served files."""
    (tmp_path / "cache").mkdir()
    return Small(count=3, seed=5).folder(tmp_path / "cache")


@pytest.fixture
def stored(served, tmp_path):
    """Give four files of a tool by URL, all whole; the fourth asks for the first file again."""
    found = {}
    for number in range(4):
        url = BASE + Small(count=3).path(number)
        found[url] = tmp_path / f"{number}.jpg"
        found[url].write_bytes((served / f"{number % 3}.jpg").read_bytes())
    return found


def test_the_corpus_is_the_seeds(tmp_path):
    """The same seed gives the same files, another other ones; no two are alike, and their sizes are as told."""
    bodies = [Small(50, 1).file(number) for number in range(50)]
    assert bodies == [Small(50, 1).file(number) for number in range(50)]
    assert Small(50, 2).file(0) != bodies[0]
    assert len(set(bodies)) == 50
    assert all(BYTES[0] <= len(body) <= BYTES[1] for body in bodies)
    assert Small(2, 1).folder(tmp_path) == Small(2, 1).folder(tmp_path) != Small(2, 2).folder(tmp_path)


def test_whole_files_are_a_proof(served, stored):
    """All that was served is there: the figure is the sum of their bytes."""
    size = sum(path.stat().st_size for path in stored.values())
    assert Whole.of(served)(stored) == {"MB": size / 1e6}


def test_a_short_file_is_found(served, stored):
    """One byte less is told with both counts."""
    path = list(stored.values())[3]
    body = path.read_bytes()
    path.write_bytes(body[:-1])
    with pytest.raises(Unfit, match=rf"'{BASE}/0\.jpg\?n=1' was stored with {len(body) - 1} bytes of {len(body)}"):
        Whole.of(served)(stored)


def test_a_changed_byte_is_found(served, stored):
    """The count alone would not tell."""
    path = list(stored.values())[1]
    body = bytearray(path.read_bytes())
    body[-3] ^= 1
    path.write_bytes(body)
    with pytest.raises(Unfit, match=r"/1\.jpg\?n=0' was stored with other bytes than were served"):
        Whole.of(served)(stored)


def test_a_file_that_is_only_claimed_is_found(served, stored):
    """A manifest may say what it likes."""
    path = list(stored.values())[2]
    path.unlink()
    with pytest.raises(Unfit, match=r"2\.jpg' cannot be read: No such file"):
        Whole.of(served)(stored)


def test_numbered_files_are_found_by_their_line(tmp_path):
    """What is no number of a line stands under its own path, where it counts as nobody's."""
    urls = [f"{BASE}/a.jpg", f"{BASE}/b.jpg"]
    for name in ("000001.jpg", "000002.jpg", "000000.jpg.part"):
        (tmp_path / name).touch()
    assert peers.numbered(urls, tmp_path) == {
        urls[1]: tmp_path / "000001.jpg",
        str(tmp_path / "000002.jpg"): tmp_path / "000002.jpg",
        str(tmp_path / "000000.jpg.part"): tmp_path / "000000.jpg.part",
    }


def test_files_named_by_their_urls_are_found(tmp_path):
    """The query is part of the name; a second copy under another name is nobody's."""
    urls = [f"{BASE}/0.jpg?n=0", f"{BASE}/0.jpg?n=1"]
    for name in ("0.jpg?n=1", "0.jpg?n=1.1"):
        (tmp_path / name).touch()
    found = peers.by_last_part(urls, tmp_path)
    assert found == {urls[1]: tmp_path / "0.jpg?n=1", str(tmp_path / "0.jpg?n=1.1"): tmp_path / "0.jpg?n=1.1"}


def test_lists_in_the_tongues_of_the_peers():
    """Each file gets the number of its line."""
    urls = [f"{BASE}/a.jpg", f"{BASE}/b.jpg"]
    assert peers.curl_config(urls, Path("/f")).splitlines()[2:] == [
        f'url = "{BASE}/b.jpg"',
        'output = "/f/000001.jpg"',
    ]
    assert peers.aria2_input(urls, Path("/f")).splitlines()[2:] == [f"{BASE}/b.jpg", "  out=000001.jpg"]


def test_half_of_a_long_list_are_twins():
    """Every URL comes twice, a stretch apart, and one in fifty is an image."""
    urls = list(lines.addresses(4 * lines.STRETCH, BASE, Small()))
    assert len(urls) == 4 * lines.STRETCH
    assert urls[: lines.STRETCH] == urls[lines.STRETCH : 2 * lines.STRETCH]
    assert len(set(urls)) == 2 * lines.STRETCH
    assert sum("/gone/" not in url for url in set(urls)) == 2 * lines.STRETCH // lines.IMAGES
