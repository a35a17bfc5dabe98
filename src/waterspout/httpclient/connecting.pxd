import cython

from waterspout.httpclient.connection cimport Connection
from waterspout.httpclient.exchange cimport Exchange
from waterspout.httpclient.hop cimport Hop, Key
from waterspout.net.clock cimport Clock
from waterspout.net.sockets cimport literal_address
from waterspout.protocol.http1.client cimport ClientConnection


cdef class Connector:
    cdef object _net
    cdef Clock _clock
    cdef object _settings
    cdef object _connect_now
    cdef object _begin_connecting
    cdef object _names
    cdef object _digests

    @cython.locals(hop=Hop, key=Key, now=double, limit=double)
    cpdef Connection open_now(self, Exchange exchange)
    cpdef Connection opened(self, Exchange exchange, stream)
    @cython.locals(key=Key)
    cpdef not_opened(self, Exchange exchange)
    @cython.locals(engine=ClientConnection)
    cdef Connection _connection(self, Exchange exchange, stream)


cdef str _connecting_to(Key key)
