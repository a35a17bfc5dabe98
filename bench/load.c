/* The load: keep-alive connections with one request in flight on each.
 *
 * load PORT CONNECTIONS WARMUP REQUESTS SECONDS REQUEST_FILE
 *
 * Opens CONNECTIONS to 127.0.0.1:PORT, sends WARMUP requests, says "ready" and waits for a line on
 * stdin, so that the caller can read the server's CPU clock while nothing is in flight. Then it
 * sends REQUESTS requests, or as many as fit into SECONDS, waits for the last answer and prints
 *
 *     {"requests": 20000, "errors": 0, "seconds": 0.412, "load_cpu_seconds": 0.240}
 *
 * Every answer is read whole, by its Content-Length or to the last chunk, and must begin with
 * "HTTP/1.1 200". Anything else, a closed connection included, is an error; the connection is then
 * opened anew. A head, and an answer in chunks, has to fit into ANSWER_BYTES: this is no general
 * HTTP client.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 16384, EVENTS = 256 };

/* How long the answers still in flight may take once no new request is sent. */
static const double GRACE_SECONDS = 5.0;

struct connection {
    int fd;
    size_t used;     /* bytes of the answer read so far */
    size_t expected; /* bytes of the whole answer, 0 while its head is incomplete or it is chunked */
    int is_busy;     /* a request is in flight */
    char answer[ANSWER_BYTES + 1];
};

struct count {
    long to_send, in_flight, answered, errors;
};

static int port, epoll;
static char *request;
static size_t request_length;
/* Where the rest of an answer goes whose length is known: only the number of its bytes counts. */
static char rest[262144];

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void read_request(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) < 0)
        fail(path);
    request_length = ftell(file);
    rewind(file);
    request = malloc(request_length + 1);
    if (!request || fread(request, 1, request_length, file) != request_length)
        fail(path);
    fclose(file);
}

static double clock_seconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec + now.tv_nsec / 1e9;
}

static void open_connection(struct connection *c)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    int on = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0)
        fail("socket");
    if (connect(c->fd, (struct sockaddr *)&address, sizeof address) < 0)
        fail("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0)
        fail("epoll_ctl");
    c->is_busy = 0;
}

static void send_request(struct connection *c, struct count *count)
{
    c->used = c->expected = 0;
    c->is_busy = 1;
    count->to_send--;
    count->in_flight++;
    /* A failure shows as an end of file at the next recv. */
    if (send(c->fd, request, request_length, MSG_NOSIGNAL) != (ssize_t)request_length)
        shutdown(c->fd, SHUT_RDWR);
}

/* Whether the bytes read so far are one whole answer. */
static int is_whole(struct connection *c)
{
    static const char last_chunk[] = "\r\n0\r\n\r\n";
    size_t last = sizeof last_chunk - 1;
    if (c->expected)
        return c->used >= c->expected;
    c->answer[c->used] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end)
        return 0;
    char *length = strcasestr(c->answer, "\r\ncontent-length:");
    if (!length || length > end)
        return c->used >= last && !memcmp(c->answer + c->used - last, last_chunk, last);
    c->expected = end + 4 - c->answer + strtoul(length + 17, NULL, 10);
    return c->used >= c->expected;
}

static int is_good(const struct connection *c)
{
    return !strncmp(c->answer, "HTTP/1.1 200", 12) && (!c->expected || c->used == c->expected);
}

/* Counts what came of the request in flight, if any, and sends the next one. */
static void finish(struct connection *c, struct count *count, int good)
{
    if (c->is_busy) {
        count->in_flight--;
        count->answered += good;
        count->errors += !good;
    }
    if (!good) {
        close(c->fd);
        open_connection(c);
    }
    c->is_busy = 0;
    if (count->to_send > 0)
        send_request(c, count);
}

static void on_readable(struct connection *c, struct count *count)
{
    ssize_t received = c->expected ? recv(c->fd, rest, sizeof rest, 0)
                                   : recv(c->fd, c->answer + c->used, ANSWER_BYTES - c->used, 0);
    if (received <= 0) {
        finish(c, count, 0);
        return;
    }
    c->used += received;
    if (is_whole(c))
        finish(c, count, c->is_busy && is_good(c));
    else if (!c->expected && c->used == ANSWER_BYTES)
        finish(c, count, 0);
}

/* Sends `requests` requests, fewer if `seconds` pass before, and waits for their answers. */
static struct count run(struct connection *all, int connections, long requests, double seconds)
{
    struct count count = {.to_send = requests};
    double deadline = clock_seconds(CLOCK_MONOTONIC) + seconds;
    for (int i = 0; i < connections && count.to_send > 0; i++)
        send_request(&all[i], &count);
    while (count.in_flight > 0) {
        struct epoll_event events[EVENTS];
        /* Never sleeps: to wake a sleeping process costs the one that sends to it, on a virtual
         * machine as much as the request itself, and it would be charged to slow servers only. */
        int ready = epoll_wait(epoll, events, EVENTS, 0);
        for (int i = 0; i < ready; i++)
            on_readable(events[i].data.ptr, &count);
        double late = clock_seconds(CLOCK_MONOTONIC) - deadline;
        if (late > 0)
            count.to_send = 0;
        if (late > GRACE_SECONDS) {
            fprintf(stderr, "%ld requests got no answer\n", count.in_flight);
            exit(1);
        }
    }
    return count;
}

int main(int argc, char **argv)
{
    if (argc != 7) {
        fprintf(stderr, "usage: load PORT CONNECTIONS WARMUP REQUESTS SECONDS REQUEST_FILE\n");
        return 2;
    }
    port = atoi(argv[1]);
    int connections = atoi(argv[2]);
    long warmup = atol(argv[3]), requests = atol(argv[4]);
    double seconds = atof(argv[5]);
    read_request(argv[6]);

    epoll = epoll_create1(0);
    struct connection *all = calloc(connections, sizeof *all);
    if (epoll < 0 || !all)
        fail("start");
    for (int i = 0; i < connections; i++)
        open_connection(&all[i]);
    run(all, connections, warmup, seconds);

    puts("ready");
    fflush(stdout);
    if (getchar() == EOF)
        return 1;
    double wall = clock_seconds(CLOCK_MONOTONIC), cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    struct count count = run(all, connections, requests, seconds);
    wall = clock_seconds(CLOCK_MONOTONIC) - wall;
    cpu = clock_seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
    printf("{\"requests\": %ld, \"errors\": %ld, \"seconds\": %.6f, \"load_cpu_seconds\": %.6f}\n",
           count.answered, count.errors, wall, cpu);
    return 0;
}
