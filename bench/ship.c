// The least that copying a log over loopback costs: one process reads a file and sends it, another receives it and writes a new one, with buffers of 256 KiB as the broker has. Prints
// one line with the rate and each side's CPU. Build: cc -O2 -o ship ship.c
//
//   ship SOURCE DESTINATION BYTES
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024 };

static char buffer[BUFFER];

static void die(const char *what) {
    perror(what);
    exit(1);
}

static double cpu(int who) {
    struct rusage used;
    getrusage(who, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) + (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static void receive(int from, const char *path) {
    int file = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    if (file < 0) die(path);
    off_t at = 0;
    ssize_t got;
    while ((got = read(from, buffer, BUFFER)) > 0) {
        if (pwrite(file, buffer, (size_t)got, at) != got) die("pwrite");
        at += got;
    }
    if (got < 0) die("read from the connection");
    exit(0);
}

int main(int count, char **args) {
    if (count != 4) {
        fprintf(stderr, "usage: ship SOURCE DESTINATION BYTES\n");
        return 2;
    }
    int listener = socket(AF_INET, SOCK_STREAM, 0), file = open(args[1], O_RDONLY);
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t length = sizeof address;
    if (file < 0) die(args[1]);
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 1) || getsockname(listener, (struct sockaddr *)&address, &length)) die("listen");
    pid_t child = fork();
    if (child < 0) die("fork");
    if (child == 0) receive(accept(listener, NULL, NULL), args[2]);
    int to = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(to, (struct sockaddr *)&address, length)) die("connect");
    struct timespec begin, end;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    off_t left = atoll(args[3]), sent = 0;
    while (sent < left) {
        ssize_t got = pread(file, buffer, BUFFER, sent);
        if (got <= 0) break;
        for (ssize_t at = 0, put; at < got; at += put)
            if ((put = write(to, buffer + at, (size_t)(got - at))) <= 0) die("write to the connection");
        sent += got;
    }
    close(to);
    if (waitpid(child, NULL, 0) != child) die("waitpid");
    clock_gettime(CLOCK_MONOTONIC, &end);
    unlink(args[2]);
    double seconds = (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9, gib = (double)sent / (1 << 30);
    printf("ship                   MiBps=%.0f MiB=%.0f senderCpuPerGiB=%.2f receiverCpuPerGiB=%.2f\n", (double)sent / (1 << 20) / seconds, (double)sent / (1 << 20), cpu(RUSAGE_SELF) / gib, cpu(RUSAGE_CHILDREN) / gib);
    return 0;
}
