# What system.py has, for compiled modules: the same in C. No call holds the interpreter's lock while
# it waits. A signal ends it: PyErr_SetFromErrno has the handler run, and if that raises nothing, it
# is InterruptedError for who called, to look at the clock (Python's own go on by themselves, PEP
# 475, and a kernel's deadline begins anew with each signal).

cdef extern from *:
    """
    #include <errno.h>
    #ifndef _WIN32
    #include <arpa/inet.h>
    #include <netinet/in.h>
    #include <string.h>
    #include <sys/socket.h>
    #include <sys/time.h>
    #endif

    #ifdef MSG_NOSIGNAL
    #define WATERSPOUT_SEND_FLAGS MSG_NOSIGNAL
    #else
    #define WATERSPOUT_SEND_FLAGS 0
    #endif

    /* What fits in here is not allocated at its largest first. */
    #define WATERSPOUT_ROOM 16384

    /* Deadlines that are further away than this many seconds are none. */
    #define WATERSPOUT_LONGEST 1e8

    /* The kernel of Linux keeps the deadline of what is sent for this as well, and goes on where it
       was when it is asked again. Python would poll. */
    static inline int waterspout_connect(PyObject *connected, int descriptor, PyObject *sockaddr) {
        PyObject *done;

    #ifdef __linux__
        if (descriptor >= 0 && PyTuple_Check(sockaddr) && PyTuple_GET_SIZE(sockaddr) >= 2) {
            union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
            } address;
            Py_ssize_t size = PyTuple_GET_SIZE(sockaddr);
            const char *host = PyUnicode_AsUTF8(PyTuple_GET_ITEM(sockaddr, 0));
            long port = host == NULL ? -1 : PyLong_AsLong(PyTuple_GET_ITEM(sockaddr, 1));
            socklen_t length = 0;

            if (PyErr_Occurred())
                return -1;
            memset(&address, 0, sizeof address);
            if (port != (uint16_t)port) {
                /* Python knows what to say. */
            } else if (size == 2 && inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
                address.v4.sin_family = AF_INET;
                address.v4.sin_port = htons((uint16_t)port);
                length = sizeof address.v4;
            } else if (size == 4 && inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
                address.v6.sin6_family = AF_INET6;
                address.v6.sin6_port = htons((uint16_t)port);
                address.v6.sin6_flowinfo = htonl(
                    (uint32_t)PyLong_AsUnsignedLongMask(PyTuple_GET_ITEM(sockaddr, 2)));
                address.v6.sin6_scope_id =
                    (uint32_t)PyLong_AsUnsignedLongMask(PyTuple_GET_ITEM(sockaddr, 3));
                if (PyErr_Occurred())
                    return -1;
                length = sizeof address.v6;
            }
            if (length > 0) {
                int state;

                Py_BEGIN_ALLOW_THREADS
                state = connect(descriptor, &address.any, length);
                Py_END_ALLOW_THREADS
                if (state == 0 || errno == EISCONN)
                    return 0;
                PyErr_SetFromErrno(PyExc_OSError);
                return -1;
            }
        }
    #endif
        done = PyObject_CallMethod(connected, "connect", "(O)", sockaddr);
        if (done == NULL)
            return -1;
        Py_DECREF(done);
        return 0;
    }

    static inline PyObject *waterspout_receive(
        PyObject *connected, int descriptor, Py_ssize_t size
    ) {
    #ifndef _WIN32
        if (descriptor >= 0) {
            char room[WATERSPOUT_ROOM];
            char *target = room;
            PyObject *data = NULL;
            Py_ssize_t count;

            if (size > WATERSPOUT_ROOM) {
                data = PyBytes_FromStringAndSize(NULL, size);
                if (data == NULL)
                    return NULL;
                target = PyBytes_AS_STRING(data);
            }
            Py_BEGIN_ALLOW_THREADS
            count = recv(descriptor, target, (size_t)size, 0);
            Py_END_ALLOW_THREADS
            if (count < 0) {
                PyErr_SetFromErrno(PyExc_OSError);
                Py_CLEAR(data);
            } else if (data == NULL)
                data = PyBytes_FromStringAndSize(room, count);
            else if (count < size)
                _PyBytes_Resize(&data, count);
            return data;
        }
    #endif
        return PyObject_CallMethod(connected, "recv", "n", size);
    }

    /* What a method gives that tells how many bytes went over. */
    static inline Py_ssize_t waterspout_count(PyObject *counted) {
        Py_ssize_t count;

        if (counted == NULL)
            return -1;
        count = PyLong_AsSsize_t(counted);
        Py_DECREF(counted);
        return count;
    }

    static inline Py_ssize_t waterspout_receive_into(
        PyObject *connected, int descriptor, PyObject *room
    ) {
    #ifndef _WIN32
        if (descriptor >= 0) {
            Py_buffer view;
            Py_ssize_t count;

            if (PyObject_GetBuffer(room, &view, PyBUF_WRITABLE) < 0)
                return -1;
            Py_BEGIN_ALLOW_THREADS
            count = recv(descriptor, view.buf, (size_t)view.len, 0);
            Py_END_ALLOW_THREADS
            if (count < 0)
                PyErr_SetFromErrno(PyExc_OSError);
            PyBuffer_Release(&view);
            return count;
        }
    #endif
        return waterspout_count(PyObject_CallMethod(connected, "recv_into", "O", room));
    }

    static inline Py_ssize_t waterspout_send(
        PyObject *connected, int descriptor, PyObject *data
    ) {
    #ifndef _WIN32
        if (descriptor >= 0) {
            Py_buffer view;
            Py_ssize_t count;

            if (PyObject_GetBuffer(data, &view, PyBUF_SIMPLE) < 0)
                return -1;
            Py_BEGIN_ALLOW_THREADS
            count = send(descriptor, view.buf, (size_t)view.len, WATERSPOUT_SEND_FLAGS);
            Py_END_ALLOW_THREADS
            if (count < 0)
                PyErr_SetFromErrno(PyExc_OSError);
            PyBuffer_Release(&view);
            return count;
        }
    #endif
        return waterspout_count(PyObject_CallMethod(connected, "send", "O", data));
    }

    static inline int waterspout_keep_deadline(
        PyObject *connected, int descriptor, double seconds
    ) {
        PyObject *done;

    #ifndef _WIN32
        if (descriptor >= 0) {
            static const int options[] = {SO_RCVTIMEO, SO_SNDTIMEO};
            struct timeval left;

            /* No time at all stands for no deadline. */
            memset(&left, 0, sizeof left);
            if (seconds <= WATERSPOUT_LONGEST) {
                left.tv_sec = (time_t)seconds;
                left.tv_usec = (suseconds_t)((seconds - (double)left.tv_sec) * 1e6);
                if (left.tv_sec == 0 && left.tv_usec == 0)
                    left.tv_usec = 1;
            }
            for (int i = 0; i < 2; i++) {
                if (setsockopt(descriptor, SOL_SOCKET, options[i], &left, sizeof left) < 0) {
                    PyErr_SetFromErrno(PyExc_OSError);
                    return -1;
                }
            }
            return 0;
        }
    #endif
        if (seconds <= WATERSPOUT_LONGEST)
            done = PyObject_CallMethod(connected, "settimeout", "d", seconds);
        else
            done = PyObject_CallMethod(connected, "settimeout", "O", Py_None);
        Py_XDECREF(done);
        return done == NULL ? -1 : 0;
    }

    static inline double waterspout_monotonic(void) {
    #if PY_VERSION_HEX >= 0x030D0000
        PyTime_t now;
        (void)PyTime_MonotonicRaw(&now);
        return PyTime_AsSecondsDouble(now);
    #else
        return _PyTime_AsSecondsDouble(_PyTime_GetMonotonicClock());
    #endif
    }

    static inline double waterspout_time(void) {
    #if PY_VERSION_HEX >= 0x030D0000
        PyTime_t now;
        (void)PyTime_TimeRaw(&now);
        return PyTime_AsSecondsDouble(now);
    #else
        return _PyTime_AsSecondsDouble(_PyTime_GetSystemClock());
    #endif
    }
    """
    cpdef int connect "waterspout_connect"(
        object connected, int descriptor, object sockaddr
    ) except -1
    cpdef bytes receive "waterspout_receive"(object connected, int descriptor, Py_ssize_t size)
    cpdef Py_ssize_t receive_into "waterspout_receive_into"(
        object connected, int descriptor, object room
    ) except -1
    cpdef Py_ssize_t send "waterspout_send"(object connected, int descriptor, object data) except -1
    cpdef int keep_deadline "waterspout_keep_deadline"(
        object connected, int descriptor, double seconds
    ) except -1
    cpdef double monotonic "waterspout_monotonic"() noexcept
    cpdef double time "waterspout_time"() noexcept
