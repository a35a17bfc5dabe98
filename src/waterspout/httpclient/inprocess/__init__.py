"""What a client is bound to instead of the network."""
