cdef class Results:
    cdef object _path
    cdef dict _done
    cdef list _lines
    cdef bytes _rest
    cdef readonly Py_ssize_t earlier
    cdef int _fd
    cdef bint _is_terminal

    cpdef bint take(self, str url) except -1
    cpdef bint add(self, str line) except -1
    cpdef flush(self)


cpdef str line_of(str url, status, Py_ssize_t size, double seconds, str final_url, error, more=*)
