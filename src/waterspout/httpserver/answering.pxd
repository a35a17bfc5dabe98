from waterspout.httpserver.beginning cimport begin

cpdef bint start_answering(exchange, coroutine, context) except -1
cpdef bint begin_answering(exchange, loop, coroutine, context) except -1
cdef _keep(exchange, task)
