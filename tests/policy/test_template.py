"""The template of names."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from downloader.errors import BadUrl, UsageError
from downloader.model import Image, Payload, Task
from downloader.policy.address import normalise
from downloader.policy.disposition import file_name
from downloader.policy.naming import fold
from downloader.policy.template import FIELDS, Naming
from downloader.settings import Output
from tests.policy.test_naming import TEXTS, check_name

PHOTO = "http://example.com/x/photo.png"
SHA = hashlib.sha256(b"bytes").hexdigest()
URL_HASH = hashlib.sha256(PHOTO.encode()).hexdigest()


def naming(template="{index:06d}", **settings):
    """Make a naming."""
    return Naming.of(Output(name=template, **settings))


def payload(original=""):
    """Make what an answer brings, a JPEG."""
    return Payload(Image(5, SHA, "jpeg", PHOTO), b"bytes", original=original)


def named(template, url=PHOTO, index=7, original="", columns=None, **settings):
    """Name a task's image, without suffix."""
    return naming(template, **settings).stem(Task(index, url, columns=columns or {}), payload(original))


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("{index:06d}", "000007"),
        ("{index}", "7"),
        ("{index:x}", "7"),
        ("{index:06d}.{ext}", "000007"),
        ("{host}/{stem}", "example.com/photo"),
        ("{host}/{index:06d}-{stem}", "example.com/000007-photo"),
        ("{stem:.3}", "pho"),
        ("{stem:_<8}", "photo___"),
        ("{sha256:.2}/{sha256}", f"{SHA[:2]}/{SHA}"),
        ("{url_hash}", URL_HASH),
        ("{ext}/{index}", "jpg/7"),
        ("{original}", "photo"),
        ("original", "photo"),
        ("{caption}-{index}", "a cat-7"),
        ("{slashed}/{index}", "a_b/7"),
        ("{up}/{index}", "_/7"),
        ("{missing}/{index}", "7"),
        ("{missing}", "000007"),
        ("{image id}", "77"),
        ("a/b/{index}", "a/b/7"),
        ("/etc/{index}", "etc/7"),
        ("../../{index}", "_/_/7"),
        ("./{index}", "7"),
        ("a//{index}", "a/7"),
        ("{index}/", "7"),
        ("{index}.", "7"),
        (".{index}", "_7"),
        ("{{{index}}}", "{7}"),
    ],
)
def test_templates_are_filled(template, expected):
    """A template names files and folders, all of them below the output folder; what a row lacks is empty."""
    columns = {"caption": "a cat", "slashed": "a/b", "up": "..", "image id": "77"}
    assert named(template, columns=columns) == expected


@pytest.mark.parametrize(
    "template",
    ["", "photo", "{host}", "{ext}", "{host}.{ext}", "{", "}", "{}", "{0}", "{url}", "{{index}}", "{index:q}",
     "{index:0999d}", "{index:,}", "{index.real}", "{index.__class__}", "{host[0]}", "{stem!r}", "{stem!x}", "{stem:d}",
     "{stem:9999}", "{index:{stem}}", "{stem:/>9}"],
)  # fmt: skip
def test_templates_that_cannot_name_every_image_are_refused(template):
    """A template must be readable, tell images apart and take values alone; the refusal names the fields."""
    with pytest.raises(UsageError, match=r"--name cannot be .*index"):
        naming(template)


@pytest.mark.parametrize(
    ("url", "stem", "original"),
    [
        ("http://example.com/a/photo.jpg", "photo", "photo"),
        ("http://example.com/photo", "photo", "photo"),
        ("http://example.com/id/237/200", "200", "200"),
        ("http://example.com/a.tar.gz", "a.tar", "a.tar.gz"),
        ("http://example.com/", "image", "image"),
        ("http://example.com/a/", "image", "image"),
        ("http://example.com/.jpg", "image", "_jpg"),
        ("http://example.com/a%20b.png?x=/c.gif", "a b", "a b"),
        ("http://example.com/gr%C3%BCn.jpg", "grün", "grün"),
        ("http://example.com/%FF.jpg", "\ufffd", "\ufffd"),
        ("http://example.com/a%2Fb.jpg", "a_b", "a_b"),
        ("http://example.com/..%2F..%2Fetc%2Fpasswd.jpg", "_._.._etc_passwd", "_._.._etc_passwd"),
        ("http://example.com/%2e%2e.jpg", "_", "_"),
        ("http://example.com/a%00b.jpg", "a_b", "a_b"),
        ("http://example.com/con.jpg", "_con", "_con"),
    ],
)
def test_names_of_urls(url, stem, original):
    """The stem is the last part of the path without its suffix, the original keeps what is no image's suffix."""
    assert (named("{stem}", url), named("{original}", url)) == (stem, original)


def test_the_server_s_own_name_goes_first():
    """What Content-Disposition tells is the original, whatever the URL says."""
    assert named("original", original="../Grüße.JPEG") == "_._Grüße"
    assert named("{original}", original="cat.v2") == "cat.v2"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("cat", "cat"),
        ("cat.PNG", "cat"),
        ("cat.v2", "cat.v2"),
        ("pets/cats/tom.jpeg", "pets/cats/tom"),
        ("/etc/passwd", "etc/passwd"),
        ("../../x", "_/_/x"),
        ("C:\\x", "C__x"),
        ("a.jpg/b", "a_jpg/b"),
        ("failed.jsonl/b", "failed_jsonl/b"),
        ("", "000007"),
        ("  ", "000007"),
        ("//./", "000007"),
        (None, "000007"),
    ],
)
def test_names_of_a_column(cell, expected):
    """A cell is the name, its slashes make folders; an empty one leaves it to the template."""
    columns = {} if cell is None else {"name": cell}
    assert named("{index:06d}", columns=columns, name_col="name") == expected


@pytest.mark.parametrize(
    ("fanout", "index", "expected"),
    [
        ("auto", 0, "000000"),
        ("auto", 9_999, "009999"),
        ("auto", 10_000, "00010/010000"),
        ("auto", 1_234_567, "01234/1234567"),
        (0, 1_234_567, "1234567"),
        (100, 7, "00000/000007"),
        (100, 12_345, "00123/012345"),
    ],
)
def test_fanout(fanout, index, expected):
    """The folder comes of the index alone; with auto the first ten thousand stand in one."""
    assert named("{index:06d}", index=index, fanout=fanout) == expected


@given(
    index=st.integers(0, 10**12),
    spec=st.sampled_from(["", "06d", "d", "4d", "06x", "x", "0", "012"]),
    fanout=st.sampled_from(["auto", 0, 7, 1000]),
)
def test_numbers_are_named_the_same_the_quick_way(index, spec, fanout):
    """Most names are numbers alone; what makes them without going through the template gives what that would."""
    names, task = naming(f"{{index:{spec}}}", fanout=fanout), Task(index, PHOTO)
    assert names.namer()(task, payload()) == names.stem(task, payload())


def test_fanout_leaves_folders_alone():
    """Where a template or a cell makes folders there are no others."""
    assert named("{host}/{index}", index=20_000) == "example.com/20000"
    assert named("{index}", index=20_000, columns={"n": "a/b"}, name_col="n") == "a/b"
    assert named("{index}", index=20_000, columns={"n": "b"}, name_col="n") == "00020/b"


@pytest.mark.parametrize(("template", "fanout", "last", "told"), [
    ("{index}", "auto", 10_000, True), ("{index}", "auto", 9_999, False), ("{index}", 0, 20_000, False),
    ("{index}", 500, 20_000, False), ("{host}/{index}", "auto", 20_000, False),
])  # fmt: skip
def test_the_default_fanout_is_told(template, fanout, last, told):
    """Only where folders were made that nobody asked for."""
    assert bool(naming(template, fanout=fanout).remark(last)) is told


@pytest.mark.parametrize(
    ("template", "unique"),
    [
        ("{index:06d}", True),
        ("{index}.{ext}", True),
        ("image-{index}", True),
        ("{index}-{stem}", True),
        ("{host}/{index:06d}", True),
        ("{stem}/{index}/", True),
        ("{url_hash}", True),
        ("{sha256:.2}/{sha256}", True),
        ("{index}{stem}", False),
        ("{index}1{stem}", False),
        ("{index}²{stem}", False),
        ("{index:x}", False),
        ("{stem}-{index}", False),
        ("{index}/{stem}", False),
        ("{url_hash:.8}", False),
        ("{stem}", False),
        ("{caption}", False),
        ("x" * 200 + "{index}", False),
    ],
)
def test_which_templates_need_no_claims(template, unique):
    """A file's own name must begin with what no other task has, whole and set off."""
    assert naming(template).unique is unique
    assert not naming(template, name_col="name").unique


@given(
    st.sampled_from([
        "{index:06d}", "image-{index}", "{index}-{stem}", "{index}.{stem}", "{url_hash}-{stem}", "{index}_{host}",
    ]),
    st.dictionaries(st.integers(0, 10**8), st.text("a1-._é\u0301²/%", max_size=260), min_size=2),
)  # fmt: skip
def test_unique_templates_never_collide(template, tasks):
    """No two tasks have names that fold alike, however long and odd their URLs."""
    urls = [(index, normalise(f"http://example.com/{index}/{path}")) for index, path in tasks.items()]
    found = {fold(naming(template).stem(Task(index, url))) for index, url in urls}
    assert len(found) == len(tasks)


def test_known_before_the_answer():
    """Only what the answer tells makes a name wait for it, but where a cell has it."""
    task = Task(0, PHOTO, columns={"name": "x"})
    assert naming("{index}-{stem}-{caption}-{url_hash}").known(task)
    for field in ("original", "sha256", "ext"):
        late = naming(f"{{index}}{{{field}}}", name_col="name")
        assert late.known(task)
        assert not late.known(Task(0, PHOTO))


PIECES = [f"{{{field}}}" for field in (*FIELDS, "caption")]


@given(
    path=TEXTS,
    headers=st.lists(st.one_of(TEXTS, TEXTS.map('attachment; filename="{}'.format)), max_size=2),
    columns=st.fixed_dictionaries({"caption": TEXTS, "name": TEXTS}),
    template=st.lists(st.one_of(st.sampled_from(PIECES), st.text("ab./\\- é", max_size=4)), max_size=6),
    name_col=st.sampled_from([None, "name"]),
)
def test_no_name_leaves_its_folder(path, headers, columns, template, name_col):
    """Whatever URL, header, cell and template bring: a name every file system takes, below the folder."""
    try:
        url = normalise(f"http://example.com/{path}")
    except BadUrl:
        return
    check_name(named("".join([*template, "{stem}"]), url, 12_345, file_name(headers), columns, name_col=name_col))
