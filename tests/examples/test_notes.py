"""The notes site, as its users have it: with a browser, and with requests that no browser sends."""

import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from waterspout.httpclient import HTTPClient, HTTPClientError

SITE = Path(__file__).resolve().parents[2] / "examples" / "notes" / "notes.py"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """Return the address of a site that is running."""
    data = tmp_path_factory.mktemp("notes")
    process = subprocess.Popen(
        [sys.executable, str(SITE), "--port", "0", "--data", str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # Whoever started us may ignore it.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    try:
        line = process.stdout.readline()
        found = re.fullmatch(r"Notes on http://localhost:(\d+)/ until Ctrl-C\n", line)
        assert found is not None, line + (process.stderr.read() if not line else "")
        yield f"http://127.0.0.1:{found[1]}"
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "Traceback" not in errors, errors
    finally:
        process.kill()
        process.communicate(timeout=30)


class Visitor:
    """Somebody without a browser, who keeps cookies."""

    def __init__(self, site):
        self.site = site
        self.client = HTTPClient()
        self.cookies = {}

    def ask(self, path, method="GET", headers=None, **arguments):
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        response = self.client.fetch(
            self.site + path,
            method=method,
            headers={**(headers or {}), **({"Cookie": cookie} if cookie else {})},
            follow_redirects=False,
            raise_error=False,
            **arguments,
        )
        for line in response.headers.get_list("Set-Cookie"):
            name, _, value = line.partition(";")[0].partition("=")
            self.cookies[name] = value
        return response

    def send(self, path, body, kind="application/x-www-form-urlencoded"):
        headers = {"Content-Type": kind, "X-Xsrftoken": self.cookies["_xsrf"]}
        return self.ask(path, "POST", headers, body=body)

    def sign_up(self, name):
        self.ask("/sign-up")
        return self.send("/sign-up", f"name={name}&password=correct+horse")


@pytest.fixture
def visitor(site):
    visitor = Visitor(site)
    yield visitor
    visitor.client.close()


def test_who_is_not_signed_in_is_sent_to_sign_in(visitor):
    response = visitor.ask("/notes/1?a=b")
    assert response.code == 302
    assert response.headers["Location"] == "/sign-in?next=%2Fnotes%2F1%3Fa%3Db"
    assert visitor.ask("/notes/1/delete", "POST", body="").code == 403


def test_a_form_without_its_token_is_refused(visitor):
    visitor.ask("/sign-up")
    response = visitor.ask("/sign-up", "POST", body="name=x&password=correct+horse")
    assert response.code == 403
    assert b"load it again" in response.body


def test_a_sign_in_goes_on_to_a_page_of_this_site_only(visitor):
    visitor.sign_up("Grace")
    for target, location in {
        "/new": "/new",
        "//elsewhere.example/": "/",
        "/\\elsewhere.example/": "/",
        "https://elsewhere.example/": "/",
    }.items():
        body = f"name=Grace&password=correct+horse&next={target}"
        response = visitor.send("/sign-in", body)
        assert (response.code, response.headers["Location"]) == (302, location)


def test_a_cookie_that_somebody_made_up_is_nobody(visitor):
    visitor.sign_up("Edsger")
    assert visitor.ask("/").code == 200
    visitor.cookies["person"] = visitor.cookies["person"].replace("|", "x", 1)
    assert visitor.ask("/").code == 302


def test_notes_are_their_owner_s(visitor, site):
    visitor.sign_up("Barbara")
    location = visitor.send("/new", "title=Mine&body=secret").headers["Location"]
    assert b"secret" in visitor.ask(location).body
    other = Visitor(site)
    other.sign_up("Donald")
    assert other.ask(location).code == 404
    assert other.send(f"{location}/edit", "title=Mine&body=changed").code == 404
    assert other.send(f"{location}/delete", "").code == 404
    assert b"secret" in visitor.ask(location).body
    other.client.close()


def test_an_upload_comes_back_as_it_was(visitor):
    visitor.sign_up("Leslie")
    content = bytes(range(256)) * 4000
    body = (
        b'--xx\r\nContent-Disposition: form-data; name="title"\r\n\r\nWith a file\r\n'
        b'--xx\r\nContent-Disposition: form-data; name="files"; filename="p\xc3\xa4 1.bin"\r\n'
        b"Content-Type: text/html\r\n\r\n" + content + b"\r\n--xx--\r\n"
    )
    location = visitor.send("/new", body, "multipart/form-data; boundary=xx").headers["Location"]
    page = visitor.ask(location).body.decode()
    link = re.search(r'href="(/files/\d+)">pä 1.bin</a> 1,024,000 bytes', page)
    assert link is not None
    response = visitor.ask(link[1])
    assert response.body == content
    # HTML of somebody's is not shown as a page of this site.
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''p%C3%A4%201.bin"


def test_the_language_is_the_browser_s_until_it_is_chosen(visitor):
    german = {"Accept-Language": "fr;q=0.9, de-AT, en;q=0.5"}
    assert "Anmelden" in visitor.ask("/sign-in", headers=german).body.decode()
    response = visitor.send("/language", "language=en_US")
    assert response.code == 302
    assert "Sign in" in visitor.ask("/sign-in", headers=german).body.decode()
    assert visitor.send("/language", "language=tlh").code == 400


def test_what_is_written_is_never_markup(visitor):
    visitor.sign_up("Tony")
    title = "%3Cscript%3Ealert(1)%3C/script%3E"
    location = visitor.send("/new", f"title={title}&body=%3Cb%3E+http://example.com/%22x")
    page = visitor.ask(location.headers["Location"]).body.decode()
    assert "<script>alert" not in page
    assert "&lt;b&gt;" in page


def test_pages_that_are_not_there(visitor):
    response = visitor.ask("/nowhere")
    assert response.code == 404
    assert b"There is no such page" in response.body


def test_static_files_are_kept_for_long_where_their_url_has_a_version(visitor):
    page = visitor.ask("/sign-in").body.decode()
    link = re.search(r'href="(/static/site\.css\?v=[^"]+)"', page)
    assert link is not None
    response = visitor.ask(link[1])
    assert response.code == 200
    assert "max-age=315360000" in response.headers["Cache-Control"]
    again = visitor.ask(link[1], headers={"If-None-Match": response.headers["Etag"]})
    assert again.code == 304


def test_the_wrong_password(visitor):
    visitor.sign_up("Alan")
    response = visitor.send("/sign-in", "name=Alan&password=incorrect+horse")
    assert response.code == 403
    assert b"Name or password are wrong" in response.body


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api")
    arguments = ["--disable-gpu", "--disable-quic", "--disable-background-networking"]
    arguments += ["--disable-component-update", "--disable-sync", "--no-first-run"]
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(
            executable_path=CHROMIUM, args=arguments, chromium_sandbox=False
        )
        yield browser
        browser.close()


@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium here")
class TestInABrowser:
    @pytest.fixture
    def page(self, browser, site):
        context = browser.new_context(base_url=site, locale="en-US")
        page = context.new_page()
        # What the pages forbid, or what goes wrong in their script, is an error here.
        faults = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda told: faults.extend([told.text] if told.type == "error" else []))
        yield page
        context.close()
        assert faults == []

    def sign_up(self, page, name):
        page.goto("/")
        page.get_by_role("link", name="Sign up").click()
        page.get_by_label("Name").fill(name)
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Go on").click()
        page.get_by_role("heading", name="0 notes").wait_for()

    def test_a_note_from_its_first_word_to_its_end(self, page, tmp_path):
        self.sign_up(page, "Ada")
        page.get_by_role("link", name="New note").click()
        page.get_by_label("Title").fill("The engine & I")
        page.get_by_label("Text").fill("It weaves <patterns>, see http://example.com/engine.")
        assert page.locator("output").inner_text() == "52 / 20000"
        picture = tmp_path / "größe.txt"
        picture.write_text("Jacquard")
        page.get_by_label("Files").set_input_files(picture)
        page.get_by_role("button", name="Save").click()

        assert page.get_by_role("heading", level=1).inner_text() == "The engine & I"
        assert "It weaves <patterns>, see" in page.locator(".body").inner_text()
        link = page.locator(".body a")
        assert link.get_attribute("href") == "http://example.com/engine"
        with page.expect_response("**/files/*") as asked:
            page.get_by_role("link", name="größe.txt").click()
        assert asked.value.text() == "Jacquard"
        page.go_back()

        page.get_by_role("link", name="Change").click()
        page.get_by_label("Title").fill("The engine")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("link", name="Notes", exact=True).click()
        page.get_by_role("searchbox").fill("WEAVES")
        page.get_by_role("searchbox").press("Enter")
        page.get_by_role("heading", name="Notes with “WEAVES”").wait_for()
        page.get_by_role("link", name="The engine").click()

        page.once("dialog", lambda dialog: dialog.dismiss())
        page.get_by_role("button", name="Delete").click()
        assert page.get_by_role("heading", level=1).inner_text() == "The engine"
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Delete").click()
        page.get_by_text("Nothing here yet.").wait_for()

    def test_signing_out_and_in_again(self, page):
        self.sign_up(page, "Charles")
        page.goto("/new")
        page.get_by_role("button", name="Sign out Charles").click()
        page.goto("/new")
        page.get_by_label("Name").fill("Charles")
        page.get_by_label("Password").fill("correct horse")
        page.get_by_role("button", name="Go on").click()
        assert page.url.endswith("/new")

    def test_two_languages(self, page):
        self.sign_up(page, "Konrad")
        page.get_by_role("button", name="Deutsch").click()
        page.get_by_role("heading", name="0 Notizen").wait_for()
        assert page.locator("html").get_attribute("lang") == "de"
        page.get_by_role("link", name="Neue Notiz").click()
        page.get_by_label("Titel").fill("Rechnender Raum")
        page.get_by_role("button", name="Speichern").click()
        page.get_by_role("link", name="Notizen", exact=True).click()
        page.get_by_role("heading", name="Eine Notiz").wait_for()
        page.get_by_role("button", name="English").click()
        page.get_by_role("heading", name="One note").wait_for()


def test_a_site_that_cannot_be_started(tmp_path):
    (tmp_path / "file").touch()
    result = subprocess.run(
        [sys.executable, str(SITE), "--port", "0", "--data", str(tmp_path / "file")],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 1
    assert result.stderr.startswith("notes: ")
    assert "Traceback" not in result.stderr


def test_an_error_is_an_answer(visitor):
    with pytest.raises(HTTPClientError) as caught:
        visitor.client.fetch(visitor.site + "/nowhere")
    assert caught.value.code == 404
