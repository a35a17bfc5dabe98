import cython

from waterspout.httpclient.connection cimport Connection
from waterspout.httpclient.delivery cimport Delivery, Gathering
from waterspout.httpclient.hop cimport Hop
from waterspout.httpclient.pool cimport Pool, Ticket
from waterspout.httpclient.request cimport HTTPRequest
from waterspout.net.clock cimport Clock
from waterspout.protocol.http1.client cimport ClientConnection
from waterspout.protocol.http1.messages cimport ResponseHead

cdef object NEED_DATA, END_OF_MESSAGE
cdef double FOREVER


cdef class Exchange(Ticket):
    cdef readonly Pool pool
    cdef readonly object net
    cdef readonly Hop hop
    cdef readonly double deadline
    cdef public str phase
    cdef readonly bint has_begun
    cdef readonly bint has_ended
    cdef public object opening
    cdef readonly ResponseHead head
    cdef readonly object headers
    cdef readonly list interims
    cdef readonly object trailers
    cdef readonly bint is_continued
    cdef public bint is_asking
    cdef readonly bint is_misunderstood
    cdef readonly bint is_over
    cdef readonly bint is_passed_over
    cdef public bint is_stored
    cdef public object history
    cdef public double free
    cdef public double resolved
    cdef public double connected
    cdef public double secured
    cdef public double sent
    cdef public double answered
    cdef public double ended
    cdef readonly object meter
    cdef Clock _clock
    cdef object _settings
    cdef Py_ssize_t _redirects
    cdef object _rounds
    cdef Connection _begun_on
    cdef bytes _unsent
    cdef object _writing
    cdef readonly object reading
    cdef object _failure
    cdef object _event
    cdef object _left
    cdef object _delivery
    cdef object _read_into
    cdef bint _is_followed
    cdef list _pieces

    cdef _prepare(
        self,
        net,
        Clock clock,
        settings,
        Hop hop,
        double deadline,
        Py_ssize_t redirects,
        rounds,
        Pool pool,
    )
    cpdef double limit(self) except? -1
    cpdef bytes take_body(self)
    cpdef bint is_reusable(self, Connection connection) except -1
    cpdef bint begin(self, Connection connection) except -1
    @cython.locals(connection=Connection)
    cpdef bint take(self, got) except -1
    cdef bint _read(self, Connection connection) except -1
    @cython.locals(engine=ClientConnection, gathering=Gathering)
    cdef _fill_room(self, Connection connection)
    @cython.locals(gathering=Gathering)
    cdef _count_filled(self, ClientConnection engine, Py_ssize_t size)
    cpdef begin_to_wait(self)
    @cython.locals(connection=Connection)
    cpdef bytes next_piece(self)
    cdef _put(self, Connection connection, bytes data)
    cdef bint _receive(self, Connection connection, bytes data) except -1
    cdef bint _collect(self, ClientConnection engine) except -1
    @cython.locals(gathering=Gathering, listener=Delivery)
    cdef bint _is_taken(self, bytes data) except -1
    cdef _gather_pieces(self, bytes last)
    @cython.locals(status=int, request=HTTPRequest)
    cdef bint _on_head(self, ResponseHead head) except -1


@cython.locals(exchange=Exchange)
cpdef Exchange new_exchange(
    net, Clock clock, settings, Hop hop, double deadline, Py_ssize_t redirects, rounds, Pool pool
)
