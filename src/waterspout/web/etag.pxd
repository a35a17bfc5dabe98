import cython

cdef dict _TAGS

@cython.locals(body=bytes, tag=str)
cpdef str compute_etag(list chunks)
