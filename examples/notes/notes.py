"""A small notes site: sign-in, forms, uploads, templates, static files, two languages, SQLite.

    python examples/notes/notes.py

It keeps all it knows in the folder given by ``--data``. What a request does is in handlers.py, what
is stored in store.py; this file puts them together.
"""

import argparse
import asyncio
import secrets
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import handlers
import waterspout
from store import Store
from waterspout import locale
from waterspout.web import Application

HERE = Path(__file__).resolve().parent


def make_application(store: Store, cookie_secret: str, **settings: Any) -> Application:
    """Return the site over a store."""
    locale.load_translations(str(HERE / "locale"))
    return Application(
        handlers.RULES,
        store=store,
        cookie_secret=cookie_secret,
        login_url="/sign-in",
        xsrf_cookies=True,
        xsrf_cookie_kwargs={"httponly": True, "samesite": "Lax"},
        template_path=str(HERE / "templates"),
        static_path=str(HERE / "static"),
        ui_modules=handlers.UI_MODULES,
        default_handler_class=handlers.NotFound,
        **settings,
    )


def read_secret(path: Path) -> str:
    """Return the key that cookies are signed with: made once, so that sign-ins last."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    return path.read_text()


async def serve(application: Application, port: int, address: str) -> None:
    """Serve until cancelled, by Ctrl-C for instance; let running requests finish then."""
    server = application.listen(port, address, max_body_size=8 * 1024 * 1024)
    print(
        f"Notes on http://localhost:{server.sockets[0].getsockname()[1]}/ until Ctrl-C", flush=True
    )
    try:
        await asyncio.Event().wait()
    finally:
        server.stop()
        await server.close_all_connections(grace=5.0)


def main() -> None:
    """Run the site."""
    parser = argparse.ArgumentParser(description="A small notes site.")
    parser.add_argument("--port", type=int, default=8888)
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--data", default="notes-data", help="the folder for what is stored")
    parser.add_argument("--debug", action="store_true", help="show tracebacks in the browser")
    args = parser.parse_args()
    data = Path(args.data)
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        with closing(Store(data / "notes.sqlite3")) as store:
            application = make_application(store, read_secret(data / "secret"), debug=args.debug)
            waterspout.run(serve(application, args.port, args.address))
    except OSError as error:
        sys.exit(f"notes: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
