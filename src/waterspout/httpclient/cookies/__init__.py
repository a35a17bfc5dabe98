"""Cookies (RFC 6265bis): what is kept, what goes with a request, and a file of them."""
