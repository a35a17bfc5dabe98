"""What the soak asks: pages whose answers can be foretold. `waterspout serve soak_app:app`."""

import hashlib
import os

from waterspout.web import Application, RequestHandler

BLOCK = 64 * 1024


class Page(RequestHandler):
    """Each names the process that it comes from."""

    def set_default_headers(self) -> None:
        self.set_header("X-Process", str(os.getpid()))


class Echo(Page):
    """Answers with the word in the path."""

    def get(self, word: str) -> None:
        self.write(word)


class Upload(Page):
    """Answers with the digest of the body."""

    def post(self) -> None:
        self.write(hashlib.sha256(self.request.body).hexdigest())


class Large(Page):
    """Streams blocks of 64 KiB, each filled with its own number."""

    async def get(self, count: str) -> None:
        for index in range(int(count)):
            self.write(bytes([index]) * BLOCK)
            await self.flush()


app = Application([(r"/echo/(\w+)", Echo), (r"/upload", Upload), (r"/large/(\d+)", Large)])
