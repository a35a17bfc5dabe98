cdef class Count:
    cdef public Py_ssize_t size

    cpdef take(self, bytes data)
    cpdef restart(self)
    cpdef finish(self)
    cpdef drop(self)
