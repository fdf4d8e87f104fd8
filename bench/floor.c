// Answers every remoting request with code 0 and stores nothing: what client, kernel and machine cost by themselves. No broker's latency can be below it, and a
// tail that this server has too is the machine's.
//
//   cc -O2 -o floor floor.c && ./floor PORT      listens on 127.0.0.1:PORT until it is ended; one thread, epoll
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

// A frame: length of the rest (4), kind of the header and its length (1 + 3), header, body. All numbers big-endian.
enum { ROOM = 1 << 20, EVENTS = 256, LENGTH = 4, PREFIX = 8, HEADER_MASK = 0xffffff, REPLY_HEADER = 128 };

typedef struct {
    int fd;
    size_t held;
    unsigned char bytes[ROOM];
} Connection;

static void die(const char *what) {
    perror(what);
    exit(1);
}

// False when the peer is gone.
static int sendAll(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return 0;
        bytes += sent;
        length -= (size_t)sent;
    }
    return 1;
}

static uint32_t number(const unsigned char *at) {
    uint32_t value;
    memcpy(&value, at, sizeof value);
    return ntohl(value);
}

// Answers what is complete, with one send; what is not stays for the next read. False when the connection is of no more use.
static int answer(Connection *c) {
    static char replies[ROOM];
    size_t at = 0, out = 0;
    while (c->held - at >= PREFIX) {
        uint32_t length = number(c->bytes + at), header = number(c->bytes + at + LENGTH) & HEADER_MASK;
        if (length > ROOM - LENGTH || length < PREFIX - LENGTH || header > length - (PREFIX - LENGTH)) return fprintf(stderr, "not a remoting frame\n"), 0;
        if (c->held - at < length + LENGTH) break;
        // A header lies before its body or before the end of what was received, so that strtol ends at a comma or a brace.
        const char *opaque = memmem(c->bytes + at + PREFIX, header, "\"opaque\":", 9);
        char json[REPLY_HEADER];
        int size = snprintf(json, sizeof json, "{\"code\":0,\"flag\":1,\"language\":\"JAVA\",\"opaque\":%ld,\"serializeTypeCurrentRPC\":\"JSON\",\"version\":399}",
            opaque ? strtol(opaque + 9, NULL, 10) : 0);
        uint32_t prefix[2] = { htonl((uint32_t)size + LENGTH), htonl((uint32_t)size) };
        if (out + PREFIX + (size_t)size > ROOM) {
            if (!sendAll(c->fd, replies, out)) return 0;
            out = 0;
        }
        memcpy(replies + out, prefix, PREFIX);
        memcpy(replies + out + PREFIX, json, (size_t)size);
        out += PREFIX + (size_t)size;
        at += length + LENGTH;
    }
    c->held -= at;
    memmove(c->bytes, c->bytes + at, c->held);
    return sendAll(c->fd, replies, out);
}

static void take(int listener, int epoll) {
    Connection *c = malloc(sizeof *c);
    if (c == NULL) die("malloc");
    if ((c->fd = accept(listener, NULL, NULL)) < 0) {
        free(c);
        return;
    }
    c->held = 0;
    int one = 1;
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll_ctl");
}

int main(int count, char **args) {
    if (count != 2) return fprintf(stderr, "floor PORT\n"), 2;
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(args[1])), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int listener = socket(AF_INET, SOCK_STREAM, 0), epoll = epoll_create1(0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) < 0 || listen(listener, 1024) < 0) die("listen");
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL }, ready[EVENTS];
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0) die("epoll_ctl");
    for (;;) {
        int n = epoll_wait(epoll, ready, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            Connection *c = ready[i].data.ptr;
            if (c == NULL) {
                take(listener, epoll);
                continue;
            }
            ssize_t received = recv(c->fd, c->bytes + c->held, ROOM - c->held, 0);
            if (received < 0 && errno == EINTR) continue;
            if (received > 0) c->held += (size_t)received;
            if (received <= 0 || !answer(c)) {
                close(c->fd);
                free(c);
            }
        }
    }
}
