import cython


@cython.locals(values=dict, pair=str, name=str, equals=str, value=str)
cpdef dict parse_cookie(str cookie)
@cython.locals(inner=str)
cdef str _unquote(str value)
