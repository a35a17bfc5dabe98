"""Programs that restart when their files are edited: real processes, real files."""

import os
import urllib.request

import pytest

from waterspout import autoreload
from waterspout.autoreload import restart, watching
from waterspout.ioloop import IOLoop

# A program that watches itself quickly, and tells its version and more.
PROGRAM = """
    import logging, os, sys
    from waterspout import autoreload
    from waterspout.ioloop import IOLoop
    from {other} import VERSION

    logging.basicConfig(level=logging.INFO, format="%(message)s")
    autoreload.add_reload_hook(lambda: print("hook", VERSION))
    autoreload.watch("watched.txt")
    os.chdir("/")

    def begin():
        autoreload.start(20)
        autoreload.start(20)
        print("up", os.getpid(), VERSION, sys.argv[1:], __spec__ and __spec__.name)

    IOLoop.current().add_callback(begin)
    IOLoop.current().start()
    """


def test_a_program_restarts_as_the_same_process(edited):
    edited.write("other.py", "VERSION = 1")
    edited.write("program.py", PROGRAM.format(other="other"))
    pid = edited.start("program.py", "a", "--b")
    assert edited.line("up") == f"up {pid} 1 ['a', '--b'] None"
    edited.write("other.py", "VERSION = 2")
    assert edited.line("hook") == "hook 1"
    assert edited.line("up") == f"up {pid} 2 ['a', '--b'] None"
    # A file that is no module, and was not there.
    edited.write("watched.txt", "text")
    assert edited.line("up") == f"up {pid} 2 ['a', '--b'] None"


def test_a_module_restarts_as_a_module(edited):
    edited.write("package/__init__.py", "")
    edited.write("package/other.py", "VERSION = 1")
    edited.write("package/module.py", PROGRAM.format(other=".other"))
    pid = edited.start("-X", "utf8", "-m", "package.module", "a")
    assert edited.line("up") == f"up {pid} 1 ['a'] package.module"
    edited.write("package/other.py", "VERSION = 2")
    assert edited.line("up") == f"up {pid} 2 ['a'] package.module"


def test_a_broken_edit_leaves_the_program_as_it_was(edited):
    edited.write("other.py", "VERSION = 1")
    edited.write("program.py", PROGRAM.format(other="other"))
    pid = edited.start("program.py")
    edited.line("up")
    edited.write("other.py", "VERSION = = 2")
    edited.line("other.py", "line 1")
    edited.line("SyntaxError", "the program goes on until that is changed")
    edited.write("watched.txt", "another change does not make it better")
    edited.line("SyntaxError", "the program goes on")
    edited.write("other.py", "VERSION = 3")
    assert edited.line("up") == f"up {pid} 3 [] None"
    (edited.directory / "other.py").unlink()
    edited.line("other.py: No such file", "the program goes on")
    edited.write("other.py", "VERSION = 4")
    assert edited.line("up") == f"up {pid} 4 [] None"


@pytest.mark.parametrize("how", ["app.listen(0)", "HTTPServer(app)"])
def test_an_application(edited, how):
    # Made before there is a loop, and served in that of asyncio.
    edited.write(
        "program.py",
        f"""
        import asyncio, os
        from waterspout.httpserver import HTTPServer
        from waterspout.web import Application, RequestHandler

        VERSION = 1

        class Main(RequestHandler):
            def get(self):
                self.write(str(VERSION))

        app = Application([("/", Main)], debug=True)

        async def main():
            server = {how}
            if not server.sockets:
                server.listen(0, "127.0.0.1")
            print("up", os.getpid(), server.sockets[0].getsockname()[1], VERSION)
            await asyncio.Event().wait()

        asyncio.run(main())
        """,
    )
    pid = edited.start("program.py")
    _, first, port, _ = edited.line("up").split()
    assert _get(port) == "1"
    program = edited.directory / "program.py"
    edited.write("program.py", program.read_text().replace("VERSION = 1", "VERSION = 2"))
    _, second, port, _ = edited.line("up").split()
    assert _get(port) == "2"
    assert first == second == str(pid)


def _get(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as response:
        return response.read().decode()


def test_an_application_is_not_watched_where_it_did_not_ask(edited):
    edited.write(
        "program.py",
        """
        import asyncio, sys
        from waterspout.web import Application

        async def main():
            Application(debug=True, autoreload=False).listen(0)
            print("imported", "waterspout.autoreload" in sys.modules)

        asyncio.run(main())
        """,
    )
    edited.start("program.py")
    assert edited.line("imported") == "imported False"
    assert edited.status() == 0


def test_a_script_waits_for_a_change(edited):
    edited.write(
        "program.py",
        """
        import os, time
        from waterspout import autoreload

        def sleep(seconds, slept=[], sleep=time.sleep):
            if not slept:
                print("up", os.getpid())
            slept.append(seconds)
            sleep(seconds)

        time.sleep = sleep
        try:
            autoreload.wait()
        except KeyboardInterrupt:
            print("interrupted")
        """,
    )
    pid = edited.start("program.py")
    assert edited.line("up") == f"up {pid}"
    edited.write("program.py", (edited.directory / "program.py").read_text() + "# more\n")
    assert edited.line("up") == f"up {pid}"
    edited.interrupt()
    assert edited.line("interrupted")
    assert edited.status() == 0


def test_worker_processes_are_their_parents(monkeypatch):
    looks = []
    monkeypatch.setattr(watching, "PeriodicCallback", lambda *args: looks.append(args))
    monkeypatch.setattr(watching, "task_id", lambda: 1)
    io_loop = IOLoop()
    autoreload.start()
    io_loop.close()
    assert looks == []


def test_a_hook_that_fails_and_a_restart_that_is_refused(monkeypatch, caplog):
    calls = []

    def fail():
        raise KeyError("hook")

    def refuse(*arguments):
        raise OSError("no room")

    monkeypatch.setattr(restart, "_hooks", [])
    monkeypatch.setattr(os, "execv", refuse)
    monkeypatch.setattr(restart, "_DIRECTORY", ".")
    autoreload.add_reload_hook(fail)
    autoreload.add_reload_hook(lambda: calls.append("second"))
    restart.restart()
    assert calls == ["second"]
    first, second = (record.getMessage() for record in caplog.records)
    assert first.startswith("Exception in reload hook")
    assert second.startswith("cannot restart")


def test_times_that_are_none():
    io_loop = IOLoop()
    with pytest.raises(ValueError, match="more than 0"):
        autoreload.start(0)
    io_loop.close()
