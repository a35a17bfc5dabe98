import cython


cdef class Route:
    cdef readonly object handler_class
    cdef readonly dict settings
    cdef readonly tuple args
    cdef readonly dict kwargs


cdef class PathRouter:
    cdef readonly list specs
    cdef dict _literals
    cdef list _patterns
    cdef dict _first

    @cython.locals(route=Route)
    cpdef Route find(self, str path)
