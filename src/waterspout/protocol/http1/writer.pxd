import cython

cdef dict _REASONS
cdef dict _STATUS_LINES
cdef bytes _OK
cdef list _LENGTH_FIELDS
cdef long long _MAX_KEPT_LENGTH

cpdef bint is_target(text) except -1
cpdef check_target(target)
@cython.locals(line=bytes)
cpdef bytes status_line(int status, reason=*)
@cython.locals(field=bytes)
cpdef bytes content_length_field(long long length)
