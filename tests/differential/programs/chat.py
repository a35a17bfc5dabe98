"""A chat: who asks for news waits until there are any."""

import asyncio

import tornado.web


class Room:
    def __init__(self):
        self.messages = []
        self.news = asyncio.Condition()

    async def add(self, message):
        self.messages.append(message)
        async with self.news:
            self.news.notify_all()


class Main(tornado.web.RequestHandler):
    def initialize(self, room):
        self.room = room

    def get(self):
        self.write({"messages": self.room.messages})


class New(Main):
    async def post(self):
        message = {"id": len(self.room.messages), "body": self.get_argument("body")}
        if self.get_argument("next", None):
            self.redirect(self.get_argument("next"))
        else:
            self.write(message)
        await self.room.add(message)


class Updates(Main):
    async def post(self):
        cursor = int(self.get_argument("cursor", "0"))
        while len(self.room.messages) <= cursor:
            self.wait = asyncio.ensure_future(self._next())
            try:
                await self.wait
            except asyncio.CancelledError:
                return
        if self.request.connection is not None:
            self.write({"messages": self.room.messages[cursor:]})

    async def _next(self):
        async with self.room.news:
            await self.room.news.wait()

    def on_connection_close(self):
        self.wait.cancel()


def make_app(directory):
    room = {"room": Room()}
    return tornado.web.Application(
        [
            (r"/", Main, room),
            (r"/a/message/new", New, room),
            (r"/a/message/updates", Updates, room),
        ]
    )
