from waterspout.net.gates cimport Gate

cdef object PAUSE


cdef class Driver:
    cdef readonly object future
    cdef object _coroutine
    cdef object _loop
    cdef object _context
    cdef object _waits_for

    cpdef begin(self)
    cpdef resume(self)
    cpdef _advance(self, error)
    cdef _end(self)
