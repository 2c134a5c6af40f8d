"""Jobs on the page: submitted, watched, tried again, paused, cancelled, deleted."""

import json
import re
from collections.abc import Callable
from pathlib import Path

from downloader.imageserver import ImageServer
from tests.service.page.browsing import Visit
from tests.service.serving import Served, image_urls, images

Visiting = Callable[..., Visit]


def test_a_list_becomes_images(visit: Visiting, service: Served, server: ImageServer) -> None:
    """A pasted list is submitted, and its end comes to the page by itself, with thumbnails to look at."""
    here = visit(service.url)
    here.see("#list").fill("\n".join(image_urls(server, 12)))
    assert here.text("#list-count") == "12 lines"
    here.submit(image_urls(server, 12), "A dozen")
    here.ended()
    assert here.text(".job-head h1") == "A dozen"
    assert here.counts() | {"Saved": "12", "Failed": "0", "To do": "0"} == here.counts()
    assert here.see("[role=progressbar]").get_attribute("aria-valuenow") == "100"
    here.page.locator(".tile img:not([hidden])").nth(11).wait_for()
    assert here.page.title().startswith("done · A dozen")


def test_a_job_is_watched_live(visit: Visiting, service: Served) -> None:
    """Counts, rate, the line of throughput and the table of hosts move while the job runs; it pauses and goes on."""
    with images(latency=0.15) as slow:
        here = visit(service.url)
        here.submit(image_urls(slow, 400))
        here.see(".job-head .chip[data-state=running]")
        here.see("[data-at=rate]", re.compile(r"images/s .* left"))
        here.see(".line[d^=M]")
        assert here.page.locator("tbody tr td").all_inner_texts()[0] == "8"
        assert re.search(r" ms$", here.page.locator("tbody tr td").all_inner_texts()[4])
        here.page.get_by_role("button", name=re.compile("^Pause ")).click()
        here.see(".job-head .chip[data-state=paused]")
        here.page.get_by_role("button", name=re.compile("^Resume ")).click()
        here.see(".job-head .chip[data-state=running]")
        here.shoot("running")
        here.page.get_by_role("button", name=re.compile("^Cancel ")).click()
        here.page.get_by_role("button", name="Cancel the job").click()
        here.ended("cancelled")
    assert 0 < int(here.counts()["Saved"]) < 400


def test_failures_are_grouped_and_tried_again(visit: Visiting, service: Served, server: ImageServer) -> None:
    """Each cause stands there once, with its number, advice, samples and hosts; and its own button asks it again."""
    lost = [f"http://127.0.0.1:{server.port}/lost-{number}.jpg" for number in range(5)]
    here = visit(service.url)
    job = here.submit([*image_urls(server, 3), *lost, "http://10.0.0.1/a.jpg", "no url at all"])
    here.ended()
    here.see(".cause:nth-child(3)")
    causes = here.page.locator(".cause")
    assert [text.split("\n")[0] for text in causes.all_inner_texts()] == [
        "not-found 5",
        "bad-url 1",
        "private-address 1",
    ]
    assert "remove these lines" in causes.nth(0).inner_text()
    causes.nth(0).get_by_text("First 3 of 5").click()
    assert causes.nth(0).locator(".url").all_inner_texts() == lost[:3]
    assert f"127.0.0.1:{server.port}: 5" in causes.nth(0).inner_text()
    here.listen()
    causes.nth(0).get_by_role("button", name="Retry these: not-found").click()
    service.until(job, lambda found: found["retried"] == ["not-found"] and found["status"] == "done")
    here.ended()
    assert "Failures by not-found are tried again." in here.page.evaluate("window.told")
    assert here.counts()["Failed"] == "7"


def test_a_retry_that_works_clears_its_cause(visit: Visiting, service: Served) -> None:
    """What comes at the second try leaves the failures, and the counts say so."""
    with images(flaky=frozenset(range(4))) as flaky:
        here = visit(service.url)
        here.see("summary", "Options").click()
        here.page.get_by_label("Retries").fill("0")
        here.submit(image_urls(flaky, 10))
        here.ended()
        here.see(".cause h3", "server-error 4")
        here.page.get_by_role("button", name="Retry all").click()
        here.see("[data-at=no-failures]")
        here.ended()
    assert here.counts() | {"Saved": "10", "Failed": "0"} == here.counts()


def test_the_list_of_jobs_is_live(visit: Visiting, service: Served, server: ImageServer) -> None:
    """A job submitted elsewhere comes to the list by itself; deleted after a question, it goes, with its page."""
    here = visit(service.url)
    here.see(".jobs")
    job = service.submit(image_urls(server, 3))
    row = here.see(f".job-row:has(a[href$='{job}'])")
    row.locator(".chip[data-state=done]").wait_for()
    assert "3 of 3 images" in row.inner_text()
    row.get_by_role("button", name=re.compile("^Delete ")).click()
    assert here.page.evaluate("document.activeElement.closest('dialog')?.id") == "confirm"
    here.page.keyboard.press("Escape")
    row.get_by_role("button", name=re.compile("^Delete ")).click()
    here.page.get_by_role("button", name="Delete it").click()
    row.wait_for(state="detached")
    assert service.ask("GET", f"/api/v1/jobs/{job}").status_code == 404
    here.expect("404")
    here.page.goto(f"{service.url}/#/jobs/{job}")
    here.see("h1", "This job is not here")


def test_a_file_is_a_list(visit: Visiting, service: Served, server: ImageServer, tmp_path: Path) -> None:
    """A file that is chosen goes out as it is, its columns too; one that is no list is refused in words."""
    table = tmp_path / "two.jsonl"
    table.write_text("".join(json.dumps({"url": url, "label": "a cat"}) + "\n" for url in image_urls(server, 2)))
    here = visit(service.url)
    here.see("#list")
    here.page.get_by_label("Choose a file").set_input_files({"name": "a.exe", "mimeType": "x/y", "buffer": b"x"})
    here.see("[data-at=error]", "is no list")
    here.page.get_by_label("Choose a file").set_input_files(table)
    here.see(".chosen", "two.jsonl")
    here.page.get_by_role("button", name="Start the download").click()
    here.ended()
    job = here.page.url.rpartition("/")[2]
    assert service.get(f"/api/v1/jobs/{job}/items")["items"][0]["columns"]["label"] == "a cat"


def test_a_file_is_dropped(visit: Visiting, service: Served) -> None:
    """A file that is let fall on the form is taken, and can be put away again."""
    here = visit(service.url)
    here.see("#list")
    here.page.evaluate(
        """() => { const data = new DataTransfer(); data.items.add(new File(["http://a/b"], "let-fall.txt"))
        const drop = document.querySelector(".drop")
        for (const name of ["dragover", "drop"])
          drop.dispatchEvent(new DragEvent(name, { dataTransfer: data, bubbles: true, cancelable: true })) }"""
    )
    here.see(".chosen", "let-fall.txt")
    here.page.get_by_role("button", name="Remove").click()
    assert here.see("#list").is_visible()


def test_a_long_paste_becomes_a_file(visit: Visiting, service: Served) -> None:
    """What a field would take too long to lay out is kept beside it; it can be put away again."""
    here = visit(service.url)
    here.see("#list").fill("http://a/first\n")
    here.page.evaluate(
        """() => { const data = new DataTransfer(); data.setData("text/plain", "http://a/b\\n".repeat(20_000))
        document.querySelector("#list").dispatchEvent(
          new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })) }"""
    )
    assert "pasted.txt · 220.0 kB" in here.text(".chosen")


def test_what_is_refused_is_said(visit: Visiting, service: Served) -> None:
    """An empty list is refused by the page, a too long one by the service: each time beside the button, as an alert."""
    here = visit(service.url)
    here.expect("413")
    here.page.get_by_role("button", name="Start the download").click()
    assert here.text("form [role=alert]").startswith("There is no list yet")
    long = {"name": "long.txt", "mimeType": "text/plain", "buffer": b"http://a/b\n" * 3001}
    here.page.get_by_label("Choose a file").set_input_files(long)
    here.page.get_by_role("button", name="Start the download").click()
    here.see("form [role=alert]", "more than 3000 lines")


def test_a_wrong_option_is_shown(visit: Visiting, service: Served) -> None:
    """A value beyond what the service allows is not sent; its field is unfolded and shown."""
    here = visit(service.url)
    here.see("#list").fill("http://127.0.0.1:9/a.jpg")
    here.see("summary", "Options").click()
    here.see("#option-jobs").fill("1000")
    here.see("summary", "Options").click()
    here.page.get_by_role("button", name="Start the download").click()
    assert here.see("#option-jobs").evaluate("each => each.matches(':invalid:focus')")
    assert here.page.url == f"{service.url}/#/"


def test_downloads(visit: Visiting, service: Served, server: ImageServer) -> None:
    """What the links bring is the job's: all images, the manifest, the failures."""
    here = visit(service.url)
    here.submit(image_urls(server, 2))
    here.ended()
    for name, starts in (("Manifest", b'{"index"'), ("All images", b"000000.jpg\0"), ("Failures", b"")):
        with here.page.expect_download() as told:
            here.page.locator(".downloads").get_by_role("link", name=name).click()
        assert Path(told.value.path()).read_bytes().startswith(starts), name
