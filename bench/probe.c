// Asks a broker, each 20 ms on a thread of its own, for what must not wait for its disk: a heartbeat, a pull of messages in memory, /livez.
// Latencies count from when a question was due, so a stall shows instead of vanishing.
//
//   cc -O2 -pthread -o probe probe.c && ./probe 127.0.0.1 10911 10920 TOPIC SECONDS
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { INTERVAL_US = 20000, MAX_ASKED = 100000, ANSWER = 1 << 20 };

static const char *host, *topic;
static int seconds;

typedef struct {
    const char *name;
    int port, code, asked, failed;
    uint32_t us[MAX_ASKED];
} Kind;

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static int connected(int port) {
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    struct timeval patience = { .tv_sec = 30 };
    int one = 1, fd = socket(AF_INET, SOCK_STREAM, 0);
    inet_pton(AF_INET, host, &to.sin_addr);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0) return fd;
    close(fd);
    return -1;
}

static int readFully(int fd, char *to, size_t length) {
    while (length > 0) {
        ssize_t n = recv(fd, to, length, 0);
        if (n <= 0) return 0;
        to += n;
        length -= (size_t)n;
    }
    return 1;
}

static int askBroker(int fd, int code, char *answer) {
    char frame[2048], header[1024];
    const char *body = code == 34 ? "{\"clientID\":\"127.0.0.1@probe\",\"consumerDataSet\":[],\"producerDataSet\":[{\"groupName\":\"probe\"}]}" : "";
    char fields[512] = "";
    if (code == 11)
        snprintf(fields, sizeof fields,
            "\"extFields\":{\"consumerGroup\":\"probe\",\"topic\":\"%s\",\"queueId\":\"0\",\"queueOffset\":\"0\",\"maxMsgNums\":\"8\",\"sysFlag\":\"4\",\"commitOffset\":\"0\","
            "\"suspendTimeoutMillis\":\"0\",\"subscription\":\"*\",\"subVersion\":\"0\",\"expressionType\":\"TAG\"},", topic);
    int h = snprintf(header, sizeof header, "{\"code\":%d,%s\"flag\":0,\"language\":\"CPP\",\"opaque\":1,\"serializeTypeCurrentRPC\":\"JSON\",\"version\":399}", code, fields);
    uint32_t size = htonl((uint32_t)(4 + h + (int)strlen(body))), length = htonl((uint32_t)h);
    memcpy(frame, &size, 4);
    memcpy(frame + 4, &length, 4);
    memcpy(frame + 8, header, (size_t)h);
    memcpy(frame + 8 + h, body, strlen(body));
    if (send(fd, frame, 8 + (size_t)h + strlen(body), MSG_NOSIGNAL) < 0) return 0;
    if (!readFully(fd, (char *)&size, 4) || (size = ntohl(size)) >= ANSWER || !readFully(fd, answer, size)) return 0;
    answer[size] = 0;
    memcpy(&length, answer, 4);
    length = ntohl(length) & 0xffffff;
    if (length + 4 > size) return 0;
    answer[4 + length] = 0;
    return strstr(answer + 4, "\"code\":0") != NULL;
}

static int askHealth(int port, char *answer) { // as a kubelet does: a connection each time
    int fd = connected(port);
    if (fd < 0) return 0;
    char request[128];
    int length = snprintf(request, sizeof request, "GET /livez HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", host);
    ssize_t n = send(fd, request, (size_t)length, MSG_NOSIGNAL) < 0 ? 0 : recv(fd, answer, 1024, 0);
    close(fd);
    return n > 12 && strncmp(answer + 9, "200", 3) == 0;
}

static void *ask(void *argument) {
    Kind *kind = argument;
    char *answer = malloc(ANSWER + 1);
    int fd = kind->code ? connected(kind->port) : -1;
    uint64_t start = now(), end = start + (uint64_t)seconds * 1000000;
    for (uint64_t due = start; due < end && kind->asked < MAX_ASKED; due += INTERVAL_US) {
        uint64_t at = now();
        if (at < due) usleep((useconds_t)(due - at));
        int good = kind->code ? askBroker(fd, kind->code, answer) : askHealth(kind->port, answer);
        if (!good) kind->failed++;
        if (!good && kind->code) { close(fd); fd = connected(kind->port); }
        kind->us[kind->asked++] = (uint32_t)(now() - due);
    }
    free(answer);
    return NULL;
}

int main(int count, char **args) {
    if (count != 6) return fprintf(stderr, "probe HOST PORT HTTP-PORT TOPIC SECONDS\n"), 2;
    host = args[1], topic = args[4], seconds = atoi(args[5]);
    static Kind kinds[] = { { .name = "heartbeat", .code = 34 }, { .name = "pull", .code = 11 }, { .name = "livez" } };
    pthread_t threads[3];
    for (int i = 0; i < 3; i++) {
        kinds[i].port = atoi(args[kinds[i].code ? 2 : 3]);
        pthread_create(&threads[i], NULL, ask, &kinds[i]);
    }
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        Kind *k = &kinds[i];
        qsort(k->us, (size_t)k->asked, sizeof *k->us, ascending);
        printf("%-10s %5d asked, %d failed, p50 %8.2f ms, p99 %8.2f ms, max %8.2f ms\n", k->name, k->asked, k->failed,
            k->us[k->asked / 2] / 1e3, k->us[k->asked * 99 / 100] / 1e3, k->us[k->asked - 1] / 1e3);
    }
    return kinds[0].failed + kinds[1].failed + kinds[2].failed > 0;
}
