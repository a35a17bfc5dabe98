import cython

@cython.locals(text=str)
cpdef str escape(value)
cpdef str as_text(value)
cpdef str checked_text(value)
# Bytes of a subclass are bytes too.
cpdef as_bytes(value)
