import cython

cdef Py_ssize_t _NO_BOUND


cdef class Target:
    cdef readonly Py_ssize_t exact_size

    # -1 is an answer.
    cpdef Py_ssize_t size_in(self, buffer) except -2


cdef class Count(Target):
    cdef Py_ssize_t _size
    cdef bint _is_partial

    @cython.locals(have=Py_ssize_t)
    cpdef Py_ssize_t size_in(self, buffer) except -2


cdef class Delimiter(Target):
    cdef bytes _delimiter
    cdef Py_ssize_t _max_size
    cdef Py_ssize_t _searched

    @cython.locals(delimiter=bytes, have=Py_ssize_t, end=Py_ssize_t, found=Py_ssize_t)
    cpdef Py_ssize_t size_in(self, buffer) except -2


cdef class Pattern(Target):
    cdef object _pattern
    cdef object _max_size
    cdef Py_ssize_t _retry_at
    cdef public bint is_due

    @cython.locals(have=Py_ssize_t)
    cpdef Py_ssize_t size_in(self, buffer) except -2


cdef class Whole(Target):
    cpdef Py_ssize_t size_in(self, buffer) except -2
