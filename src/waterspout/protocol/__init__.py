"""What bytes are legal: messages and their parts, without any I/O.

Nothing in this room imports a socket, TLS, an event loop, a thread or a clock. Servers and
clients, blocking and asynchronous, use the same code.
"""
