import cython


@cython.locals(fields=list, key=bytes, stamp=bytes, named=bytes, coded=bytes, signature=bytes)
cdef tuple _verified_2(secret, bytes name, bytes value)
@cython.locals(fields=list, start=Py_ssize_t, colon=Py_ssize_t, end=Py_ssize_t)
cdef list _fields(bytes value)
cdef _key_version(bytes text)
cdef _number(bytes digits)
cdef tuple _verified_1(secret, bytes name, bytes value)
cdef bytes _signature_2(secret, bytes signed)
cdef bytes _signature_1(secret, bytes name, bytes coded, bytes seconds)
cdef bytes _checked(secret)
