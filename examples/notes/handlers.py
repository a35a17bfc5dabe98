"""What the site answers, page by page."""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import quote

from store import Note, Person, Store, TakenError
from waterspout import locale
from waterspout.web import HTTPError, RequestHandler, UIModule, authenticated, url

T = TypeVar("T")

LANGUAGES = {"en_US": "English", "de": "Deutsch"}

MAX_NAME, MAX_PASSWORD, MAX_TITLE, MAX_BODY = 40, 200, 120, 20_000
MIN_PASSWORD = 8
MAX_FILES, MAX_FILE_SIZE = 5, 2 * 1024 * 1024

#: What a browser may show in its window; everything else is offered for download.
SHOWN_TYPES = {"image/png", "image/jpeg", "image/gif", "image/webp", "text/plain"}


class Page(RequestHandler):
    """What all pages have in common: who is signed in, the language, the look of errors."""

    @property
    def store(self) -> Store:
        """What the site knows."""
        store: Store = self.settings["store"]
        return store

    async def prepare(self) -> None:
        """Find out who is signed in, before the page is asked for."""
        number = self.get_signed_cookie("person")
        if number is not None:
            self.current_user = await self.call(self.store.person, int(number))

    async def call(self, function: Callable[..., T], *args: Any) -> T:
        """Run a method of the store."""
        return await self.store.call(function, *args)

    def set_default_headers(self) -> None:
        """Let pages load nothing from elsewhere, and nobody guess what a file is."""
        self.set_header("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "same-origin")

    def get_user_locale(self) -> locale.Locale | None:
        """Return the language that was chosen; None leaves it to the browser."""
        chosen = self.current_user.language if self.current_user else None
        chosen = chosen or self.get_cookie("language")
        return locale.get(chosen) if chosen in LANGUAGES else None

    def get_template_namespace(self) -> dict[str, Any]:
        """Add what every page needs."""
        return {**super().get_template_namespace(), "languages": LANGUAGES}

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Show an error as a page of the site."""
        if self.settings.get("serve_traceback"):
            super().write_error(status_code, **kwargs)
        else:
            self.render("error.html", status=status_code, reason=self._reason)

    def sign_in(self, person: Person) -> None:
        """Remember who it is, and go where they wanted to go."""
        self.set_signed_cookie("person", str(person.id), httponly=True, samesite="Lax")
        target = self.get_argument("next", "/")
        # Only to pages of this site: not to `//elsewhere` either.
        is_ours = target.startswith("/") and not target.startswith(("//", "/\\"))
        self.redirect(target if is_ours else "/")


class NotFound(Page):
    """What no rule matches."""

    async def prepare(self) -> None:
        """Refuse."""
        await super().prepare()
        raise HTTPError(404)


class SignUp(Page):
    """Where new people come in."""

    def get(self) -> None:
        """Show the form."""
        self.render("sign-up.html", error="", name="")

    async def post(self) -> None:
        """Take somebody in."""
        name = self.get_body_argument("name")
        password = self.get_body_argument("password", strip=False)
        error = ""
        if not 0 < len(name) <= MAX_NAME:
            error = self.locale.translate("A name has 1 to 40 characters.")
        elif not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
            error = self.locale.translate("A password has 8 to 200 characters.")
        else:
            try:
                self.sign_in(await self.call(self.store.add_person, name, password))
            except TakenError:
                error = self.locale.translate("Somebody has this name already.")
        if error:
            self.set_status(422)
            self.render("sign-up.html", error=error, name=name)


class SignIn(Page):
    """Where people come back."""

    def get(self) -> None:
        """Show the form."""
        self.render("sign-in.html", error="", name="", next=self.get_argument("next", "/"))

    async def post(self) -> None:
        """Let somebody in."""
        name = self.get_body_argument("name")[:MAX_NAME]
        password = self.get_body_argument("password", strip=False)[:MAX_PASSWORD]
        person = await self.call(self.store.check_password, name, password)
        if person is not None:
            self.sign_in(person)
            return
        self.set_status(403)
        error = self.locale.translate("Name or password are wrong.")
        self.render("sign-in.html", error=error, name=name, next=self.get_argument("next", "/"))


class SignOut(Page):
    """Where people leave."""

    def post(self) -> None:
        """Forget who it was."""
        self.clear_cookie("person")
        self.redirect("/sign-in")


class Language(Page):
    """Where the language is chosen."""

    async def post(self) -> None:
        """Remember it: with the person, or in the browser."""
        chosen = self.get_body_argument("language")
        if chosen not in LANGUAGES:
            raise HTTPError(400, "unknown language")
        if self.current_user:
            await self.call(self.store.set_language, self.current_user, chosen)
        self.set_cookie("language", chosen, expires_days=365, httponly=True, samesite="Lax")
        self.redirect("/")


class Notes(Page):
    """All notes."""

    @authenticated
    async def get(self) -> None:
        """List them, or those with the words that are looked for."""
        words = self.get_query_argument("q", "")[:100]
        notes = await self.call(self.store.notes, self.current_user, words)
        self.render("notes.html", notes=notes, words=words)


class Edit(Page):
    """One note: a new one, or one to be changed."""

    @authenticated
    async def get(self, number: str | None = None) -> None:
        """Show the form."""
        note = Note(0, "", "", 0.0)
        if number is not None:
            found = await self.call(self.store.note, self.current_user, int(number))
            if found is None:
                raise HTTPError(404)
            note = found
        self.render("edit.html", note=note, error="")

    @authenticated
    async def post(self, number: str | None = None) -> None:
        """Write it, and attach what comes with it."""
        title = self.get_body_argument("title")
        body = self.get_body_argument("body", "", strip=False)
        files = [found for found in self.request.files.get("files", []) if found.filename]
        error = ""
        if not 0 < len(title) <= MAX_TITLE or len(body) > MAX_BODY:
            error = self.locale.translate("A note has a title, and not too much text.")
        elif len(files) > MAX_FILES or any(len(found.body) > MAX_FILE_SIZE for found in files):
            error = self.locale.translate("That is too much: 5 files of 2 MiB at most.")
        if error:
            self.set_status(422)
            self.render("edit.html", note=Note(int(number or 0), title, body, 0.0), error=error)
            return
        saved = await self.call(
            self.store.save_note, self.current_user, int(number) if number else None, title, body
        )
        if saved is None:
            raise HTTPError(404)
        for found in files:
            await self.call(
                self.store.attach, saved, found.filename, found.content_type, found.body
            )
        self.redirect(self.reverse_url("note", saved))


class Show(Page):
    """One note, to be read."""

    @authenticated
    async def get(self, number: str) -> None:
        """Show it."""
        note = await self.call(self.store.note, self.current_user, int(number))
        if note is None:
            raise HTTPError(404)
        self.render("note.html", note=note)


class Delete(Page):
    """Where a note goes."""

    @authenticated
    async def post(self, number: str) -> None:
        """Delete it."""
        if not await self.call(self.store.delete_note, self.current_user, int(number)):
            raise HTTPError(404)
        self.redirect("/")


class Download(Page):
    """A file that is attached to a note."""

    @authenticated
    async def get(self, number: str) -> None:
        """Send it."""
        found = await self.call(self.store.file, self.current_user, int(number))
        if found is None:
            raise HTTPError(404)
        file, content = found
        kind, how = "application/octet-stream", "attachment"
        if file.type in SHOWN_TYPES:
            kind, how = file.type, "inline"
        self.set_header("Content-Type", kind)
        # RFC 6266: the name in its quoted form, in which nothing of it can do harm.
        name = quote(file.name, safe="")
        self.set_header("Content-Disposition", f"{how}; filename*=UTF-8''{name}")
        self.write(content)


class NoteCard(UIModule):
    """A note in a list."""

    def render(self, note: Note) -> bytes:
        """Return its HTML."""
        return self.render_string("card.html", note=note)


UI_MODULES = {"NoteCard": NoteCard}

NUMBER = r"(\d{1,15})"

RULES = [
    url(r"/", Notes, name="notes"),
    url(r"/new", Edit, name="new"),
    url(rf"/notes/{NUMBER}", Show, name="note"),
    url(rf"/notes/{NUMBER}/edit", Edit, name="edit"),
    url(rf"/notes/{NUMBER}/delete", Delete, name="delete"),
    url(rf"/files/{NUMBER}", Download, name="file"),
    url(r"/language", Language, name="language"),
    url(r"/sign-up", SignUp, name="sign-up"),
    url(r"/sign-in", SignIn, name="sign-in"),
    url(r"/sign-out", SignOut, name="sign-out"),
]
