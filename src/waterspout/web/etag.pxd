cpdef str compute_etag(list chunks)
