import cython

from waterspout.httputil.request cimport RequestFields


cdef class Route:
    cdef readonly object handler_class
    cdef readonly dict settings
    cdef readonly tuple args
    cdef readonly dict kwargs
    cdef readonly object delegate


cdef class RouteTable:
    cdef object __weakref__
    cdef object _router
    cdef object _owner
    cdef bint _is_stale
    cdef dict _literals
    cdef list _others
    cdef dict _first
    cdef RouteTable _only

    @cython.locals(route=Route, found=Route, entry=_Entry)
    cpdef Route find(self, RequestFields request)
    @cython.locals(table=RouteTable)
    cdef RouteTable _table_of(self, target)


cdef class _Entry:
    cdef object _match
    cdef object _target
    cdef dict _settings
    cdef object _get_delegate
    cdef RouteTable _table

    cpdef Route find(self, RequestFields request)


cdef class _PathEntry(_Entry):
    cdef object _arguments
    cdef Route _route
