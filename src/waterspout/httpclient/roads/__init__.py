"""Ways to a server other than straight: proxies, unix sockets, a local address."""
