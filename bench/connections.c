// Opens connections to a broker and holds them, idle, until its standard input ends. Says "holding N" when all are open. Each has told the broker
// who it is once, with a heartbeat of a producer: what a client's connection does that has nothing to send.
//
//   cc -O2 -o connections connections.c && ./connections 127.0.0.1 10911 10000
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void die(const char *what) {
    perror(what);
    exit(1);
}

static void readFully(int fd, char *to, size_t length) {
    while (length > 0) {
        ssize_t n = recv(fd, to, length, 0);
        if (n <= 0) die("the broker did not answer a heartbeat");
        to += n;
        length -= (size_t)n;
    }
}

int main(int count, char **args) {
    if (count != 4) return fprintf(stderr, "connections HOST PORT NUMBER\n"), 2;
    int number = atoi(args[3]);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(args[2])) };
    inet_pton(AF_INET, args[1], &to.sin_addr);
    for (int i = 0; i < number; i++) {
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0) die("connect");
        char frame[1024], header[256], body[256], answer[4096];
        int h = snprintf(header, sizeof header, "{\"code\":34,\"flag\":0,\"language\":\"CPP\",\"opaque\":%d,\"serializeTypeCurrentRPC\":\"JSON\",\"version\":399}", i);
        int b = snprintf(body, sizeof body, "{\"clientID\":\"127.0.0.1@%d\",\"consumerDataSet\":[],\"producerDataSet\":[{\"groupName\":\"bench%d\"}]}", i, i % 1000);
        uint32_t total = htonl((uint32_t)(4 + h + b)), length = htonl((uint32_t)h);
        memcpy(frame, &total, 4);
        memcpy(frame + 4, &length, 4);
        memcpy(frame + 8, header, (size_t)h);
        memcpy(frame + 8 + h, body, (size_t)b);
        if (send(fd, frame, (size_t)(8 + h + b), MSG_NOSIGNAL) < 0) die("send");
        uint32_t size;
        readFully(fd, (char *)&size, 4);
        if (ntohl(size) > sizeof answer) return fprintf(stderr, "an answer of %u bytes\n", ntohl(size)), 1;
        readFully(fd, answer, ntohl(size));
    }
    printf("holding %d\n", number);
    fflush(stdout);
    char end[64];
    while (read(STDIN_FILENO, end, sizeof end) > 0) { }
    return 0;
}
