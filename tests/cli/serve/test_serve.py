"""The command as a whole: real processes, real signals, requests while it happens."""

import json
import os
import re
import signal
import socket
import subprocess
import sys

import pytest
from tests.cli.serve.served import PATIENCE, Load, ask, children, wait_until

pytestmark = pytest.mark.skipif(
    not os.path.exists("/proc/self/stat"), reason="processes are looked at in /proc"
)


# Serve


def test_one_worker(serve):
    served = serve("--port", "0")
    assert served.get().split()[0] == str(*served.workers())
    assert served.end() == 0
    assert "SIGTERM: ending" in served.output


@pytest.mark.slow
def test_the_workers_have_numbers(serve):
    served = serve("--port", "0", "--workers", "2")
    served.wait_for_workers(2)
    answers = set()

    def have_both_answered():
        answers.add(served.get("/number"))
        return answers == {"0", "1"}

    wait_until(have_both_answered, "both answer")


@pytest.mark.slow
@pytest.mark.parametrize("app", ["main:make_app", "main:make_app_later"])
def test_a_function_that_makes_the_application(serve, app):
    served = serve("--port", "0", app=app)
    assert served.get().endswith(" 1")


def test_a_unix_socket(serve, program):
    served = serve("--unix", "app.sock", "--unix-mode", "660")
    served.wait_for("serving main:app at unix:app.sock")
    file = program / "app.sock"
    assert file.stat().st_mode & 0o777 == 0o660
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(str(file))
        sock.sendall(b"GET /number HTTP/1.0\r\n\r\n")
        assert sock.makefile("rb").read().endswith(b"\r\n\r\n0")
    second = serve("--unix", "app.sock")
    assert second.ended() == 1
    assert second.output == (
        "waterspout serve: cannot listen on app.sock: another server listens there"
    )
    assert served.end() == 0
    assert not file.exists()


@pytest.mark.slow
def test_a_pid_file(serve, program):
    served = serve("--port", "0", "--pid-file", "serve.pid")
    served.wait_for("serving ")
    file = program / "serve.pid"
    assert file.read_text() == f"{served.pid}\n"
    second = serve("--port", "0", "--pid-file", "serve.pid")
    assert second.ended() == 1
    assert second.output == (
        f"waterspout serve: pid file serve.pid: process {served.pid} is running"
    )
    assert served.end() == 0
    assert not file.exists()


def test_a_configuration(serve, program):
    config = 'app = "main:app"\nport = 0\nlimit-body-size = "1k"\naccess-log = "off"\n'
    (program / "serve.toml").write_text(config)
    served = serve("--config", "serve.toml", app=None)
    assert ask(served.address, "/post", b"x" * 1024) == (200, "1024")
    assert ask(served.address, "/post", b"x" * 1025)[0] == 413
    assert served.end() == 0
    assert "200 POST" not in served.output


@pytest.mark.slow
def test_the_command_line_wins_over_the_configuration(serve, program):
    (program / "serve.toml").write_text("port = 0\nlimit-body-size = 10\n")
    served = serve("--config", "serve.toml", "--limit-body-size", "2k")
    assert ask(served.address, "/post", b"x" * 2048) == (200, "2048")


@pytest.mark.slow
def test_the_access_log(serve):
    served = serve("--port", "0")
    served.get("/number?a=1")
    line = served.wait_for(" 200 GET /number?a=1 ")
    assert re.search(r" \(127.0.0.1\) \d+\.\d\dms \d+B 127.0.0.1:\d+ \[[0-9a-f]{32}\]$", line)


def test_the_access_log_in_json(serve):
    served = serve("--port", "0", "--access-log", "json")
    served.get("/number?a=1")
    line = json.loads(served.wait_for('"/number?a=1"'))
    assert (line["logger"], line["status"]) == ("waterspout.access", 200)
    assert line["process"] != served.pid
    assert served.end() == 0
    assert all(json.loads(line) for line in served.output.splitlines())


@pytest.mark.slow
def test_a_program_that_sets_up_logging_is_not_disturbed(serve, program):
    with (program / "main.py").open("a") as file:
        file.write("import logging\nlogging.basicConfig(level='INFO', format='MINE %(message)s')\n")
    served = serve("--port", "0")
    served.get("/number")
    assert served.wait_for("200 GET /number").startswith("MINE ")


@pytest.mark.slow
def test_what_the_application_starts_has_none_of_ours(serve, program):
    with (program / "main.py").open("a") as file:
        file.write(
            "import subprocess\nprogram = subprocess.Popen(['sleep', '3600'], close_fds=0)\n"
        )
    served = serve("--port", "0")
    served.wait_for("serving ")
    [worker] = served.workers()
    [program] = children(worker)
    try:
        wait_until(lambda: "sleep" in os.readlink(f"/proc/{program}/exe"), "it is started")
        opened = os.listdir(f"/proc/{program}/fd")
        assert sorted(map(int, opened)) == [0, 1, 2]
        with open(f"/proc/{program}/environ") as environ:
            assert "WATERSPOUT_WORKER" not in environ.read()
        with open(f"/proc/{program}/status") as status:
            masks = dict(line.split(":\t") for line in status.read().splitlines() if "Sig" in line)
        held_back, ignored = int(masks["SigBlk"], 16), int(masks["SigIgn"], 16)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            assert not (held_back | ignored) >> (number - 1) & 1
    finally:
        os.kill(program, signal.SIGKILL)


# Mistakes


NO_APPLICATIONS = [
    ("def app(): pass", "main:app", ["main:app() returned None instead of an application"]),
    ("raise SystemExit(3)", "main:app", ["SystemExit: 3", "cannot import 'main'"]),
    ("", "main:app", ["module 'main' has no 'app'"]),
    ("apps = 1", "main:app", ["module 'main' has no 'app', did you mean 'apps'?"]),
    ("app = 3", "main:app", ["main:app is 3, no Application,"]),
    ("def app(environ, start_response): pass", "main:app", ["waterspout.wsgi.WSGIContainer"]),
    ("import nothing_of_this_name", "main:app", ["No module named", "cannot import 'main'"]),
    ("", "other:app", ["no module 'other'"]),
    ("", "main.deeper:app", ["no module 'main.deeper'"]),
    ("def (", "main:app", ["def (", "SyntaxError", "cannot import 'main'"]),
    ("1 / 0", "main:app", ["ZeroDivisionError", "cannot import 'main'"]),
    ("def app(): 1 / 0", "main:app", ["ZeroDivisionError", "main:app has failed"]),
    ("async def app(): 1 / 0", "main:app", ["ZeroDivisionError", "main:app has failed"]),
]


@pytest.mark.parametrize(
    ("source", "app", "lines"),
    [
        *NO_APPLICATIONS[:2],
        *(pytest.param(*case, marks=pytest.mark.slow) for case in NO_APPLICATIONS[2:]),
    ],
)
def test_an_application_that_is_none(serve, program, source, app, lines):
    (program / "main.py").write_text(source)
    served = serve("--port", "0", "--workers", "2", app=app)
    assert served.ended() == 1
    for words in lines:
        served.wait_for(words)
    assert served.lines[-1].startswith("waterspout serve: ")
    for own in ("waterspout/cli", "importlib", "asyncio", "uvloop"):
        assert own not in served.output


@pytest.mark.slow
def test_a_worker_that_is_killed_by_its_import(serve, program):
    (program / "main.py").write_text("import os; os.kill(os.getpid(), 9)")
    served = serve("--port", "0")
    assert served.ended() == 1
    assert served.lines[-1].endswith(") was ended by SIGKILL before it was ready")


def test_a_port_in_use(serve):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        served = serve("--port", str(port))
        assert served.ended() == 1
    reason = "Address already in use"
    assert served.output == f"waterspout serve: cannot listen on 127.0.0.1 port {port}: {reason}"


# Those that die


@pytest.mark.slow
def test_a_killed_worker_costs_what_is_in_its_hands(serve):
    served = serve("--port", "0", "--workers", "2", "--access-log", "off")
    served.wait_for_workers(2)
    clients = 8
    with Load(served.address, clients=clients) as load:
        for _ in range(3):
            load.wait_for(200)
            victim = min(served.workers())
            os.kill(victim, signal.SIGKILL)
            served.wait_for_workers(2, without=[victim])
        load.wait_for(200)
    assert len(load.failures) <= 3 * clients
    assert load.refused == 0
    assert served.end() == 0


def test_a_worker_that_dies_takes_no_other_request_with_it(serve):
    served = serve("--port", "0", "--workers", "1")
    [before] = served.wait_for_workers(1)
    with pytest.raises(OSError, match=r"no answer|reset"):
        served.get("/crash")
    assert int(served.get().split()[0]) != before  # asked while there was no worker
    served.wait_for(f"(pid {before}) was ended by SIGKILL after")


@pytest.mark.slow
def test_a_crash_loop_has_a_brake(serve):
    served = serve("--port", "0")
    for _ in range(3):
        with pytest.raises(OSError, match=r"no answer|reset"):
            served.get("/crash")
    assert served.wait_for("started anew", 1).endswith(", started anew")
    assert served.wait_for("started anew", 2).endswith(", started anew in 0.5 s")
    assert served.wait_for("started anew", 3).endswith(", started anew in 1 s")
    assert served.end() == 0


# Reload


def change(program, version):
    main = program / "main.py"
    main.write_text(main.read_text().replace("VERSION = 1", f"VERSION = {version}"))
    # The files that Python has compiled are told apart by seconds.
    os.utime(main, (main.stat().st_mtime + 10,) * 2)


def test_sighup_brings_new_code(serve, program):
    served = serve("--port", "0", "--workers", "2")
    before = served.wait_for_workers(2)
    assert served.get().endswith(" 1")
    change(program, 2)
    served.send(signal.SIGHUP)
    served.wait_for_workers(2, without=before)
    assert {served.get().split()[1] for _ in range(20)} == {"2"}


@pytest.mark.slow
def test_bad_new_code_leaves_the_old_workers(serve, program):
    served = serve("--port", "0", "--workers", "2")
    before = served.wait_for_workers(2)
    change(program, "nothing")
    served.send(signal.SIGHUP)
    served.wait_for("NameError")
    served.wait_for("the workers with the code of before go on")
    assert served.wait_for_workers(2) == before
    assert served.get().endswith(" 1")
    assert served.end() == 0


@pytest.mark.slow
def test_a_configuration_that_has_become_bad_leaves_the_old_workers(serve, program):
    file = program / "serve.toml"
    file.write_text("port = 0")
    served = serve("--config", "serve.toml")
    before = served.wait_for_workers(1)
    served.wait_for("serving ")
    file.write_text("prot = 0")
    served.send(signal.SIGHUP)
    served.wait_for("waterspout serve: serve.toml: no key 'prot', did you mean 'port'?")
    served.wait_for("go on")
    assert served.wait_for_workers(1) == before


@pytest.mark.slow
def test_no_request_is_lost_by_sighup(serve, program):
    served = serve("--port", "0", "--workers", "2", "--access-log", "off")
    served.wait_for_workers(2)
    with Load(served.address) as load:
        for _ in range(3):
            load.wait_for(100)
            before = served.workers()
            served.send(signal.SIGHUP)
            served.wait_for_workers(2, without=before)
        load.wait_for(100)
    assert load.failures == []
    assert load.refused == 0
    assert served.end() == 0


@pytest.mark.slow
def test_age_replaces_workers_and_no_request_is_lost(serve):
    served = serve("--port", "0", "--workers", "2", "--max-age", "1s", "--access-log", "off")
    # On a slow machine one starts for longer than they live: there are hardly ever two at a time.
    served.wait_for("is ready", 2)
    with Load(served.address) as load:
        first = served.ready()
        wait_until(lambda: not served.workers() & first, "all are replaced")
        load.wait_for(100)
    assert load.failures == []
    assert load.refused == 0


@pytest.mark.slow
def test_memory_replaces_a_worker(serve):
    served = serve("--port", "0", "--max-memory", "150M")
    [before] = served.wait_for_workers(1)
    served.get("/grow")
    served.wait_for(f"(pid {before}) has grown to ")
    served.wait_for_workers(1, without=[before])


def test_source_files_that_change(serve, program):
    served = serve("--port", "0", "--reload")
    assert served.get().endswith(" 1")
    change(program, 2)
    served.wait_for("main.py has changed")
    wait_until(lambda: served.get().endswith(" 2"), "the new code serves")


@pytest.mark.slow
def test_the_first_start_may_be_mended_under_reload(serve, program):
    main = program / "main.py"
    good = main.read_text()
    main.write_text("import part\n" + good)
    (program / "part.py").write_text("1 / 0")
    served = serve("--port", "0", "--reload")
    served.wait_for("ZeroDivisionError")
    served.wait_for("waiting for a change of the program's files")
    (program / "part.py").write_text("")
    assert served.get().endswith(" 1")


# The end


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_no_request_is_lost_by_the_end(serve, number):
    served = serve("--port", "0", "--workers", "2", "--access-log", "off")
    served.wait_for_workers(2)
    with Load(served.address, clients=6) as load:
        load.wait_for(300)
        assert served.end(number) == 0
    # Who connects in the moment in which the last socket that listens is closed is reset by the
    # kernel instead of refused: nobody has accepted the connection, and it is the client's last.
    assert all(isinstance(failure, ConnectionResetError) for failure in load.failures)
    assert len(load.failures) <= 6
    assert load.refused == 6


def test_a_running_request_is_answered_before_the_end(serve, program):
    served = serve("--port", "0")
    answer = served.begin("/held")
    served.send(signal.SIGTERM)
    served.wait_for("SIGTERM: ending")
    (program / "let-go").touch()
    assert answer() == (200, "let go")
    assert served.ended() == 0


def test_after_the_grace_period_it_is_cut(serve):
    served = serve("--port", "0", "--grace", "200ms")
    answer = served.begin("/held")
    assert served.end() == 0
    assert isinstance(answer(), OSError)


def test_the_second_signal_cuts_at_once(serve):
    served = serve("--port", "0", "--grace", "1h")
    answer = served.begin("/held")
    served.send(signal.SIGTERM)
    served.wait_for("SIGTERM: ending, within 3600 s")

    def is_heard():
        # One that comes too soon is taken for the first one.
        served.send(signal.SIGTERM)
        return "SIGTERM: ending at once" in served.output

    wait_until(is_heard, "the second signal is heard")
    assert served.ended() == 0
    assert isinstance(answer(), OSError)


@pytest.mark.slow
def test_a_worker_that_does_not_listen_is_killed(serve):
    served = serve("--port", "0", "--grace", "0")
    [worker] = served.wait_for_workers(1)
    answer = served.begin("/stuck")
    assert served.end() == 0
    served.wait_for(f"(pid {worker}), draining for 5 s, is killed")
    assert isinstance(answer(), OSError)


@pytest.mark.parametrize("path", ["/held", pytest.param("/stuck", marks=pytest.mark.slow)])
def test_nobody_outlives_the_parent(serve, path):
    served = serve("--port", "0", "--workers", "2", "--grace", "200ms")
    served.wait_for_workers(2)
    answer = served.begin(path)
    assert served.end(signal.SIGKILL) == -signal.SIGKILL
    assert isinstance(answer(), OSError)


@pytest.mark.slow
def test_ctrl_c_at_the_terminal(serve):
    """It goes to all processes of the group; nobody shows a traceback, and nothing is left."""
    served = serve("--port", "0", "--workers", "2", start_new_session=True)
    served.wait_for_workers(2)
    served.get()
    os.killpg(served.pid, signal.SIGINT)
    assert served.ended() == 0
    assert "Traceback" not in served.output


def test_a_signal_to_all_the_group_does_not_cut(serve, program):
    """As systemd ends a service, and timeout(1) a program; the parent gets two in one moment."""
    served = serve("--port", "0", start_new_session=True)
    answer = served.begin("/held")
    served.send_to_group(signal.SIGTERM, signal.SIGINT)
    served.wait_for(": ending, within ")
    (program / "let-go").touch()
    assert answer() == (200, "let go")
    assert served.ended() == 0
    assert "at once" not in served.output


def test_the_help_can_be_read_without_a_program():
    result = subprocess.run(
        [sys.executable, "-m", "waterspout", "serve", "--help"], capture_output=True, text=True
    )
    assert result.returncode == 0
    for words in ("--workers", "--limit-body-size", "--timeout-idle", "SIGHUP", "10M"):
        assert words in result.stdout


OTHERS = """
from waterspout.web import Application, FallbackHandler
from waterspout.httputil import HTTPHeaders, ResponseStartLine
from waterspout.wsgi import WSGIContainer

def function(request):
    line = ResponseStartLine("HTTP/1.1", 200, "OK")
    request.connection.write_headers(line, HTTPHeaders({"Content-Length": "0"}))
    request.connection.finish()

def application(environ, start_response):
    start_response("200 OK", [("Content-Length", "0")])
    return []

container = WSGIContainer(application)
mixed = Application([("/.*", FallbackHandler, {"fallback": function})])
"""


@pytest.mark.parametrize("name", ["function", "container", "mixed"])
@pytest.mark.parametrize("kind", ["text", "json"])
def test_the_access_log_of_what_is_no_application(serve, program, name, kind):
    (program / "others.py").write_text(OTHERS)
    served = serve("--port", "0", "--access-log", kind, app=f"others:{name}")
    served.get("/a?b")
    line = served.wait_for("/a?b")
    if kind == "json":
        assert (json.loads(line)["status"], json.loads(line)["target"]) == (200, "/a?b")
    else:
        assert re.search(r" 200 GET /a\?b \(127.0.0.1\) [^ ]+ \d+B 127.0.0.1:\d+ \[\w+\]$", line)
    assert served.end() == 0
    assert served.output.count("/a?b") == 1


METERED = """
import os
from waterspout.web import Application, MetricsHandler, RequestHandler

class Pid(RequestHandler):
    def get(self):
        self.write(str(os.getpid()))

app = Application([("/", Pid), ("/metrics", MetricsHandler)], metrics=True)
"""


def test_a_worker_that_has_died_is_no_more_in_the_metrics(serve, program):
    pytest.importorskip("prometheus_client")
    (program / "metered.py").write_text(METERED)
    (program / "figures").mkdir()
    environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(program / "figures")}
    served = serve("--port", "0", app="metered:app", env=environment)
    before = served.wait_for_workers(1)
    with socket.create_connection(served.address, timeout=PATIENCE) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        [pid] = before
        assert client.recv(4096).endswith(str(pid).encode())
        os.kill(pid, signal.SIGKILL)
        served.wait_for_workers(1, without=before)
    told = served.get("/metrics").splitlines()
    assert "waterspout_connections_open 1.0" in told  # who asks
    assert "waterspout_connections_accepted_total 2.0" in told
