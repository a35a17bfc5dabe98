import cython

cdef int COLON


cdef class _Head:
    cdef readonly bytes data
    cdef readonly list lines
    cdef readonly Py_ssize_t end
    cdef readonly bint is_http11
    cdef readonly long long content_length
    cdef readonly bint is_chunked
    cdef readonly bint has_close
    cdef readonly bint has_keep_alive
    cdef readonly bint has_upgrade
    cdef object _headers

    cdef _begin(self, bytes data)
    @cython.locals(
        data=bytes,
        p="const unsigned char *",
        lines=list,
        size=Py_ssize_t,
        index=Py_ssize_t,
        start=Py_ssize_t,
        end=Py_ssize_t,
    )
    cpdef bytes find(self, bytes name)
    @cython.locals(
        data=bytes,
        lines=list,
        size=Py_ssize_t,
        index=Py_ssize_t,
        start=Py_ssize_t,
        end=Py_ssize_t,
    )
    cpdef list find_all(self, bytes name)


cdef class RequestHead(_Head):
    cdef readonly str method
    cdef readonly str target
    cdef readonly str host
    cdef readonly bint expects_continue

    cdef _begin(self, bytes data)


@cython.locals(head=RequestHead)
cpdef RequestHead request_head(str method, str target, str version, headers)


cdef class ResponseHead(_Head):
    cdef readonly int status
    cdef readonly str reason

    cdef _begin(self, bytes data)
