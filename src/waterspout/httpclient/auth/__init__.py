"""Who asks: credentials, and the ways to prove them."""
