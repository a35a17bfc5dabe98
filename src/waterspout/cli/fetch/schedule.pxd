cdef class Schedule:
    cdef object _per_host
    cdef object _ready
    cdef dict _busy
    cdef dict _parked
    cdef readonly Py_ssize_t waiting
    cdef readonly Py_ssize_t parked_size

    cpdef add(self, urls)
    cpdef str take(self)
    cpdef finish(self, str url)
