"""A person's visit to the page: what they do, what they see, and what the browser complains of meanwhile."""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

PATIENCE = 20_000.0
"""Milliseconds that anything on the page may take to come true."""


class Visit:
    """One browser context with one page, at the service's address."""

    def __init__(self, browser: Any, url: str, *, width: int = 1280, theme: str = "light", at: str = "/#/") -> None:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=theme)
        self.page = context.new_page()
        self.page.set_default_timeout(PATIENCE)
        self._said: list[str] = []
        self._expected: list[str] = []
        self.page.on("console", lambda message: self._said.append(message.text))
        self.page.on("pageerror", lambda error: self._said.append(str(error)))
        self.url = url
        self.page.goto(url + at)

    @property
    def complaints(self) -> list[str]:
        """What the console says, but for what was expected: errors, violations of the policy, anything."""
        return [line for line in self._said if not any(re.search(each, line) for each in self._expected)]

    def expect(self, pattern: str) -> None:
        """Name what the browser itself will write on the console for a refusal that is asked for."""
        self._expected.append(pattern)

    def listen(self) -> None:
        """Keep all that a screen reader is told from now on, in the page's ``told``."""
        self.page.evaluate(
            "() => { window.told = []; new MutationObserver(() => told.push(announcer.textContent))"
            ".observe(announcer, { childList: true, subtree: true }) }"
        )

    def see(self, selector: str, text: str | re.Pattern[str] | None = None) -> Any:
        """Wait until something is to be seen, with this text in it; gives it."""
        found = self.page.locator(selector)
        found = (found.filter(has_text=text) if text is not None else found).first
        found.wait_for(state="visible")
        return found

    def text(self, selector: str) -> str:
        """Give the text of what is to be seen."""
        return str(self.see(selector).inner_text())

    def submit(self, urls: Iterable[str], name: str = "") -> str:
        """Submit a list as a person does; gives the job's id."""
        self.see("#list").fill("\n".join(urls))
        self.page.get_by_label("Name").fill(name)
        self.page.get_by_role("button", name="Start the download").click()
        self.see("article.job")
        return str(self.page.url).rpartition("/")[2]

    def ended(self, state: str = "done") -> None:
        """Wait until the job in view has ended."""
        self.see(f".job-head .chip[data-state={state}]")

    def counts(self) -> dict[str, str]:
        """Give the figures of the job in view."""
        names, values = self.page.locator(".counts dt"), self.page.locator(".counts dd")
        return dict(zip(names.all_inner_texts(), values.all_inner_texts(), strict=True))

    def sideways(self) -> int:
        """Give by how many pixels the page is wider than its window."""
        return int(self.page.evaluate("Math.max(0, document.documentElement.scrollWidth - innerWidth)"))

    def leave(self) -> None:
        """Close the page, before a service of the test's own ends."""
        self.page.context.close()

    def shoot(self, name: str) -> None:
        """Take a picture of it, where SCREENSHOTS names a folder."""
        if folder := os.environ.get("SCREENSHOTS"):
            size = self.page.viewport_size
            tall = self.page.evaluate("document.documentElement.scrollHeight")
            self.page.set_viewport_size({"width": size["width"], "height": tall})
            self.page.wait_for_timeout(500)
            self.page.screenshot(path=Path(folder) / f"{name}.png")
            self.page.set_viewport_size(size)
