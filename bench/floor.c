/* The floor of the comparison: the least a server can do.
 *
 * floor ANSWER sleep|spin PORT
 *
 * One thread, one epoll. Whatever one recv brings counts as one request and is answered with
 * ANSWER, unread. It parses nothing, so it is right only for a peer that keeps one request in
 * flight on a connection and sends it in one segment, as everything in this folder does.
 *
 * With "spin" it never sleeps, for when a client is measured: to wake it would cost the client.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 1024, EVENTS = 256, REQUEST_BYTES = 65536 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static int listen_on(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int on = 1;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (listener < 0)
        fail("socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0)
        fail("bind");
    if (listen(listener, BACKLOG) < 0)
        fail("listen");
    return listener;
}

static void watch(int epoll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl");
}

static void accept_all(int epoll, int listener)
{
    for (;;) {
        int on = 1;
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        watch(epoll, fd);
    }
}

static void answer_once(int fd, const char *answer, size_t length)
{
    static char request[REQUEST_BYTES];
    ssize_t received = recv(fd, request, sizeof request, 0);
    if (received < 0 && errno == EAGAIN)
        return;
    if (received <= 0 || send(fd, answer, length, MSG_NOSIGNAL) != (ssize_t)length)
        close(fd);
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: floor ANSWER sleep|spin PORT\n");
        return 2;
    }
    const char *answer = argv[1];
    size_t length = strlen(answer);
    int timeout = strcmp(argv[2], "spin") == 0 ? 0 : -1;
    int listener = listen_on(atoi(argv[3]));
    int epoll = epoll_create1(0);
    if (epoll < 0)
        fail("epoll_create1");
    watch(epoll, listener);
    for (;;) {
        struct epoll_event events[EVENTS];
        int count = epoll_wait(epoll, events, EVENTS, timeout);
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all(epoll, listener);
            else
                answer_once(events[i].data.fd, answer, length);
        }
    }
}
