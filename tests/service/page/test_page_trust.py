"""What strangers wrote, who is let in, and what happens when the service is gone."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from downloader.imageserver import ImageServer
from tests.service.page.browsing import Visit
from tests.service.serving import Served, image_urls

Visiting = Callable[..., Visit]

HOSTILE = [
    "http://127.0.0.1:9/<script>document.title='owned'</script>.jpg",
    "http://127.0.0.1:9/\"onerror=\"document.title='owned'.jpg",
    "http://127.0.0.1:9/'><img src=x onerror=document.title='owned'>",
    "javascript:document.title='owned'",
    "data:text/html,<script>document.title='owned'</script>",
    "http://127.0.0.1:9/gpj.\u202eexe",
    "http://127.0.0.1:9/\u2067\u200b\ufeff\x1b[31m.jpg",
    "http://<b>host</b>/x",
    "http://127.0.0.1:9/" + "long" * 400,
]


def test_hostile_values_are_text(visit: Visiting, service: Served) -> None:
    """Tags, quotes, script URLs, turned text and very long lines stand there as text, and widen nothing."""
    here = visit(service.url, width=360)
    name = "<img src=x onerror=\"document.title='owned'\">\u202e\"'" + "n" * 120
    here.see("summary", "Options").click()
    here.page.get_by_label("Retries").fill("0")
    here.submit(HOSTILE, name)
    here.ended()
    here.see(".cause")
    for summary in here.page.locator(".cause summary").all():
        summary.click()
    shown = " ".join(here.page.locator(".url").all_inner_texts())
    assert "javascript:document" in shown
    assert here.text(".job-head h1").startswith("<img src=x onerror=")
    assert "\\u202e" in here.text(".job-head h1")
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b]", here.page.content())
    assert here.page.locator(".url a, .url *, h1 *, .samples img, .samples script").count() == 0
    assert here.page.locator("a[href^='javascript'], a[href^='data']").count() == 0
    here.see(".tile[data-index='3']").click()
    here.see("#picture .facts", "javascript:document")
    here.shoot("hostile-360")
    here.page.keyboard.press("Escape")
    assert here.sideways() == 0
    here.see(".back").click()
    here.see(".job-name", "<img src=x")
    assert here.sideways() == 0
    assert "owned" not in here.page.title()


def test_the_policy_forbids_what_is_inline(visit: Visiting, service: Served) -> None:
    """Were a script or a style put into the page all the same, it would not run."""
    here = visit(service.url)
    here.see("#list")
    here.expect("Content Security Policy")
    here.page.evaluate(
        """() => { const script = document.createElement("script"); script.textContent = "window.owned = 1"
        document.body.append(script); document.body.setAttribute("style", "opacity: 0")
        document.body.insertAdjacentHTML("beforeend", "<img src=x onerror='window.owned = 1'>") }"""
    )
    here.expect("404")
    here.page.wait_for_timeout(300)
    assert here.page.evaluate("window.owned") is None
    assert here.page.evaluate("getComputedStyle(document.body).opacity") == "1"


def test_files_of_the_page_hold_nothing_inline(service: Served) -> None:
    """No inline script, style or handler, and nothing from elsewhere, in any file of the page."""
    folder = Path("downloader/service/page")
    for path in folder.rglob("*"):
        if path.suffix == ".html":
            text = path.read_text()
            assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?![^>]*\ssrc=)|(src|href)=\"(https?:)?//", text)
        if path.suffix == ".js":
            assert not re.search(
                r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function|[\"'`]https?://",
                path.read_text(),
            ), path
        if path.suffix == ".css":
            assert not re.search(r"@import|url\(", path.read_text()), path


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Give a service that asks for a token, which it has made itself."""
    folder = tmp_path_factory.mktemp("locked")
    with Served(folder / "data", "--allow-host", "127.0.0.1", "--token-file", folder / "token") as running:
        yield running


def _token(service: Served) -> str:
    return (service.data.parent / "token").read_text().strip()


def test_the_token_is_asked_for_once(visit: Visiting, locked: Served, server: ImageServer) -> None:
    """A wrong token is refused in words; the right one lets in, for later visits too, and no script can read it."""
    token = _token(locked)
    here = visit(locked.url)
    here.expect("403")
    here.shoot("login")
    here.see("[data-at=token]").fill("not the token")
    here.page.keyboard.press("Enter")
    here.see("[role=alert]", "not the token of this service")
    here.see("[data-at=token]").fill(token)
    here.page.keyboard.press("Enter")
    here.submit(image_urls(server, 2))
    here.ended()
    assert here.page.evaluate("document.cookie") == ""
    assert token not in here.page.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)")
    [cookie] = here.page.context.cookies()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
    assert token not in cookie["value"]
    here.page.reload()
    here.see("article.job")
    here.page.get_by_role("button", name="Sign out").click()
    here.see(".login")


def test_the_printed_address_signs_in(visit: Visiting, locked: Served) -> None:
    """The token behind the address's "#" lets in, and stands neither in the address nor in the history then."""
    here = visit(locked.printed.split()[-1], at="")
    here.see("#list")
    assert here.page.url == f"{locked.url}/#/"
    assert here.page.evaluate("history.length") <= 2


def test_a_session_that_ends_asks_again(visit: Visiting, locked: Served, server: ImageServer) -> None:
    """When the cookie is gone, the page asks for the token instead of failing, and has lost nothing that was typed."""
    here = visit(f"{locked.url}/#token={_token(locked)}", at="", width=360)
    _type(here, image_urls(server, 3))
    assert here.sideways() == 0
    here.page.context.clear_cookies()
    here.expect("401")
    here.page.get_by_role("button", name="Start the download").click()
    here.see("[data-at=token]").fill(_token(locked))
    here.page.keyboard.press("Enter")
    _check_typed(here, image_urls(server, 3))
    here.page.get_by_role("button", name="Start the download").click()
    here.ended()
    job = locked.get(
        f"/api/v1/jobs/{here.page.url.rpartition('/')[2]}", headers={"Authorization": f"Bearer {_token(locked)}"}
    )
    assert (job["name"], job["options"], job["counts"]["saved"]) == ("mine", {"jobs": 3}, 3)
    here.see(".back").click()
    assert here.see("#list").input_value() == ""


def test_what_was_typed_is_kept(visit: Visiting, locked: Served, server: ImageServer, tmp_path: Path) -> None:
    """A reload, a look elsewhere: the list, the name and the options still stand there, and a file that was chosen.

    Who signs out leaves nothing behind.
    """
    here = visit(f"{locked.url}/#token={_token(locked)}", at="")
    _type(here, image_urls(server, 2))
    here.page.reload()
    _check_typed(here, image_urls(server, 2))
    list_file = tmp_path / "list.csv"
    list_file.write_text("url\nhttp://127.0.0.1:9/a.jpg\n")
    here.page.get_by_label("Choose a file").set_input_files(list_file)
    here.see(".chosen", "list.csv")
    here.expect("404")
    here.page.evaluate("location.hash = '#/jobs/0123456789012345678901'")
    here.see("h1", "This job is not here")
    here.page.get_by_role("link", name="All jobs").click()
    here.see(".chosen", "list.csv")
    here.page.get_by_role("button", name="Sign out").click()
    here.see(".login")
    assert here.page.evaluate("sessionStorage.length") == 0
    here.see("[data-at=token]").fill(_token(locked))
    here.page.keyboard.press("Enter")
    assert here.see("#list").input_value() == ""


def _type(here: Visit, urls: list[str]) -> None:
    here.see("#list").fill("\n".join(urls))
    here.page.get_by_label("Name").fill("mine")
    here.see("summary", "Options").click()
    here.see("#option-jobs").fill("3")


def _check_typed(here: Visit, urls: list[str]) -> None:
    assert here.see("#list").input_value() == "\n".join(urls)
    assert here.page.get_by_label("Name").input_value() == "mine"
    assert here.see("#option-jobs").input_value() == "3"


def test_what_was_missed_is_asked_for(visit: Visiting, service: Served, server: ImageServer) -> None:
    """A hidden page lets its line go, and asks for what came since when it is seen again (Last-Event-ID)."""
    here = visit(service.url)
    here.submit(image_urls(server, 3))
    here.ended()
    lasts: list[str | None] = []
    here.page.on(
        "request", lambda asked: asked.url.endswith("/events") and lasts.append(asked.headers.get("last-event-id"))
    )
    hide = (
        "is => { Object.defineProperty(document, 'hidden', { value: is, configurable: true });"
        " document.dispatchEvent(new Event('visibilitychange')) }"
    )
    here.page.evaluate(hide, True)
    with here.page.expect_request(re.compile("/events$")):
        here.page.evaluate(hide, False)
    [last] = lasts
    assert last
    assert re.fullmatch("[0-9a-f]+-[0-9]+", last)
    here.page.get_by_role("button", name=re.compile("^Delete ")).wait_for()


def test_a_service_that_is_gone_is_said(visit: Visiting, server: ImageServer, tmp_path: Path) -> None:
    """The page says that the service does not answer, tries again, and goes on by itself when it is back."""
    with Served(tmp_path / "data", "--allow-host", "127.0.0.1") as service:
        here = visit(service.url)
        here.expect("ERR_")
        here.submit(image_urls(server, 3))
        here.ended()
        port = service.url.rpartition(":")[2]
        service.kill()
        here.see("#banner", "The service does not answer; trying again.")
        here.shoot("gone")
        box = here.see("article.job").bounding_box()
        service._flags = (*service._flags, "--port", port)
        service.restart()
        here.page.get_by_role("button", name="Try now").click()
        here.see("#banner", "The service answers again.")
        here.page.locator("#banner").wait_for(state="hidden")
        assert here.see("article.job").bounding_box() == box
        assert here.counts()["Saved"] == "3"
        here.leave()
