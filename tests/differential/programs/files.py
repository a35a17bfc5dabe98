"""Files: sent as forms or as they are, in pieces, and sent back in pieces or in parts."""

import os

import tornado.web


class Upload(tornado.web.RequestHandler):
    def initialize(self, directory):
        self.directory = directory

    def post(self):
        sizes = {}
        for field, files in self.request.files.items():
            for file in files:
                name = os.path.basename(file["filename"])
                with open(os.path.join(self.directory, name), "wb") as copy:
                    copy.write(file.body)
                sizes[name] = [field, file.content_type, len(file["body"])]
        self.write({"files": sizes, "note": self.get_body_argument("note", None)})


@tornado.web.stream_request_body
class Put(tornado.web.RequestHandler):
    def initialize(self, directory):
        self.directory = directory

    def prepare(self):
        if self.request.headers.get("Content-Type") == "application/x-evil":
            raise tornado.web.HTTPError(415)
        self.file = open(os.path.join(self.directory, self.path_args[0]), "wb")  # noqa: SIM115
        self.size = 0

    async def data_received(self, chunk):
        self.file.write(chunk)
        self.size += len(chunk)

    def put(self, name):
        self.set_status(201)
        self.write({"name": name, "size": self.size, "body": len(self.request.body)})

    def on_finish(self):
        if hasattr(self, "file"):
            self.file.close()


class Download(tornado.web.RequestHandler):
    def initialize(self, directory):
        self.directory = directory

    async def get(self, name):
        path = os.path.join(self.directory, name)
        if not os.path.exists(path):  # noqa: ASYNC240
            raise tornado.web.HTTPError(404, "no %s", name)
        self.set_header("Content-Type", "application/octet-stream")
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        with open(path, "rb") as file:  # noqa: ASYNC230
            while piece := file.read(10_000):
                self.write(piece)
                await self.flush()


def make_app(directory):
    own = {"directory": directory}
    return tornado.web.Application(
        [
            (r"/upload", Upload, own),
            (r"/put/(\w+)", Put, own),
            (r"/download/(\w+)", Download, own),
            (r"/files/(.*)", tornado.web.StaticFileHandler, {"path": directory}),
        ]
    )
