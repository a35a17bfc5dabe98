import cython

cdef int _MAX_LENGTH_DIGITS

@cython.locals(length="long long", digit=int)
cpdef long long parse_content_length(bytes value)
