from waterspout.net.csystem cimport monotonic


cdef class Clock:
    cdef object _read
    cdef bint _is_systems

    cpdef double now(self) except? -1
