import cython

cdef dict _REASONS
cdef dict _STATUS_LINES

@cython.locals(line=bytes)
cpdef bytes status_line(int status, reason=*)
cpdef bytes content_length_field(long long length)
