import cython

cdef object _ENDED, _UnstartedTask
cdef dict _current_tasks
cdef Py_ssize_t _UNKEPT

@cython.locals(cls=type)
cpdef begin(coroutine, loop, context)
cdef _begin_inside_another(coroutine, loop, context)
