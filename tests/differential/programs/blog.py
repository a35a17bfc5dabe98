"""A blog: entries in SQLite, pages of templates with a UI module, an author who signs in."""

import os
import sqlite3

import tornado.escape
import tornado.web

TEMPLATES = {
    "base.html": "<html><head><title>{{ handler.settings['blog_title'] }}</title></head>"
    "<body>{% block body %}{% end %}</body></html>",
    "home.html": '{% extends "base.html" %}{% block body %}{% for entry in entries %}'
    "{% module Entry(entry) %}{% else %}Nothing yet.{% end %}"
    '{% if current_user %}<a href="{{ reverse_url("compose") }}">New</a>{% end %}{% end %}',
    "entry.html": "<h1>{{ entry['title'] }}</h1><p>{% raw entry['html'] %}</p>",
    "compose.html": '{% extends "base.html" %}{% block body %}<form method="post">'
    "{% module xsrf_form_html() %}</form>{% end %}",
    "page.html": '{% extends "base.html" %}{% block body %}{% module Entry(entry) %}{% end %}',
}


class Base(tornado.web.RequestHandler):
    @property
    def db(self):
        return self.settings["db"]

    def get_current_user(self):
        name = self.get_signed_cookie("author")
        return name.decode() if name else None

    def query(self, *args):
        return self.db.execute(*args).fetchall()


class Home(Base):
    def get(self):
        self.render("home.html", entries=self.query("SELECT * FROM entries ORDER BY id DESC"))


class Entry(Base):
    def get(self, slug):
        found = self.query("SELECT * FROM entries WHERE slug = ?", (slug,))
        if not found:
            raise tornado.web.HTTPError(404)
        self.render("page.html", entry=found[0])


class Compose(Base):
    @tornado.web.authenticated
    def get(self):
        self.render("compose.html")

    @tornado.web.authenticated
    def post(self):
        title = self.get_argument("title")
        slug = "-".join(title.lower().split())
        html = tornado.escape.linkify(self.get_argument("markdown"))
        self.db.execute(
            "INSERT INTO entries (slug, title, html) VALUES (?, ?, ?)", (slug, title, html)
        )
        self.redirect(self.reverse_url("entry", slug))


class SignIn(Base):
    def get(self):
        self.write(f"sign in, then {self.get_argument('next', '/')}")

    def post(self):
        if self.get_argument("password") != "sesame":
            self.set_status(403)
            self.finish("wrong")
            return
        self.set_signed_cookie("author", self.get_argument("name"))
        self.redirect(self.get_argument("next", "/"))


class SignOut(Base):
    def get(self):
        self.clear_cookie("author")
        self.redirect("/")


class EntryModule(tornado.web.UIModule):
    def render(self, entry):
        return self.render_string("entry.html", entry=entry)

    def embedded_css(self):
        return "h1 { color: green }"


def make_app(directory):
    for name, text in TEMPLATES.items():
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            file.write(text)
    db = sqlite3.connect(":memory:", isolation_level=None)
    db.row_factory = sqlite3.Row
    db.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, slug, title, html)")
    return tornado.web.Application(
        [
            (r"/", Home),
            tornado.web.url(r"/entry/([^/]+)", Entry, name="entry"),
            tornado.web.url(r"/compose", Compose, name="compose"),
            (r"/auth/login", SignIn),
            (r"/auth/logout", SignOut),
        ],
        blog_title="A <blog>",
        template_path=directory,
        ui_modules={"Entry": EntryModule},
        xsrf_cookies=True,
        cookie_secret="a secret",
        login_url="/auth/login",
        db=db,
    )
