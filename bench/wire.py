"""The bytes that everything in this folder puts on the wire.

The floor and the raw candidates send ANSWER unread; it is what a framework with its defaults on
sends: five headers and a body, about 200 bytes.
"""

ANSWER = (
    "HTTP/1.1 200 OK\r\n"
    "Server: waterspout/1.0\r\n"
    "Content-Type: text/html; charset=UTF-8\r\n"
    "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
    'Etag: "e02aa1b106d5c7c6a98def2b13005d5b84fd8dc8"\r\n'
    "Content-Length: 12\r\n"
    "\r\n"
    "Hello, world"
)

BARE = "GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n"

# A navigation of Chrome's, cut to eleven headers: of its four Sec-Fetch headers one stays.
BROWSER = (
    "GET / HTTP/1.1\r\n"
    "Host: 127.0.0.1:{port}\r\n"
    "Connection: keep-alive\r\n"
    'sec-ch-ua: "Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"\r\n'
    "sec-ch-ua-mobile: ?0\r\n"
    'sec-ch-ua-platform: "Linux"\r\n'
    "Upgrade-Insecure-Requests: 1\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/130.0.0.0 Safari/537.36\r\n"
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,"
    "image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7\r\n"
    "Sec-Fetch-Mode: navigate\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Accept-Language: en-US,en;q=0.9\r\n"
    "\r\n"
)

LOADS = {"bare": BARE, "browser": BROWSER}


def request(load: str, port: int) -> str:
    """The request of the named load to 127.0.0.1:port."""
    return LOADS[load].format(port=port)
