"""Bodies that are more than bytes: files, iterators and forms out, streams in."""
