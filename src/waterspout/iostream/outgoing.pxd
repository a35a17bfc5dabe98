cdef Py_ssize_t _LARGE


cdef class Outgoing:
    cdef object _pieces
    cdef Py_ssize_t _start
    cdef readonly Py_ssize_t size
    cdef public object total

    cpdef append(self, data)
    cpdef front(self)
    cpdef advance(self, Py_ssize_t size)
    cpdef clear(self)
