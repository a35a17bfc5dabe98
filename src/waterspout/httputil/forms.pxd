import cython

@cython.locals(text=str, found=dict, pair=str, name=str, value=str, is_quoted=cython.bint)
cpdef dict parse_query(query, config=*)
cdef bytes _unquoted(str text)
