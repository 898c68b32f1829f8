"""A real browser for the tests marked `browser`.

Where none is installed they are left out with a word about it, but never in CI.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
LEFT_OUT = pytest.StashKey[int]()


def find_chromium() -> str | None:
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: opens the admin in Chromium")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if find_chromium() or os.environ.get("CI"):
        return
    unwanted = [item for item in items if item.get_closest_marker("browser")]
    items[:] = [item for item in items if item not in unwanted]
    config.hook.pytest_deselected(items=unwanted)
    config.stash[LEFT_OUT] = len(unwanted)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    if count := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{count} browser tests were left out: no Chromium here (apt install chromium)."
        )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = find_chromium()
    assert path, "The browser tests need Chromium: apt install chromium"
    from playwright.sync_api import sync_playwright  # here: most tests need no browser

    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright's event loop lives in the thread of the tests, which is no async code.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Browser, live_server) -> Iterator[Page]:
    """A window in which every request must go to our own server, and no script may fail."""
    context = chromium.new_context(base_url=live_server.url)
    page = context.new_page()
    strangers: list[str] = []
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((live_server.url, "data:", "blob:"))
            else strangers.append(request.url)
        ),
    )
    yield page
    context.close()
    assert strangers == []
    assert faults == []


@pytest.fixture
def admin(page: Page, django_user_model: Any) -> Page:
    """The window of somebody who has logged in."""
    django_user_model.objects.create_superuser("admin", password="secret")
    page.goto("/admin/")
    page.fill("#id_username", "admin")
    page.fill("#id_password", "secret")
    page.click("[type=submit]")
    page.wait_for_url("**/admin/")
    return page
