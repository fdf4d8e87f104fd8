// The disk's own tail: appends of 64 KiB to a file whose length and blocks are there already, each made durable, for some seconds. What no broker on
// this disk can be faster than.
//
//   cc -O2 -o fdatasync fdatasync.c && ./fdatasync FILE SECONDS
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { WRITE = 1 << 16, FILE_BYTES = 1 << 28, MAX_FLUSHES = 1 << 20 };

static uint64_t now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000;
}

static int ascending(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

int main(int count, char **args) {
    if (count != 3) return fprintf(stderr, "fdatasync FILE SECONDS\n"), 2;
    static char data[WRITE];
    static uint32_t us[MAX_FLUSHES];
    int fd = open(args[1], O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    if (fd < 0) return perror("open"), 1;
    for (long at = 0; at < FILE_BYTES; at += WRITE)
        if (pwrite(fd, data, WRITE, at) != WRITE) return perror("write"), 1;
    if (fsync(fd) != 0) return perror("fsync"), 1;
    memset(data, 1, sizeof data);
    uint64_t end = now() + (uint64_t)atoi(args[2]) * 1000000;
    long flushes = 0;
    for (long at = 0; now() < end && flushes < MAX_FLUSHES; at = (at + WRITE) % FILE_BYTES) {
        if (pwrite(fd, data, WRITE, at) != WRITE) return perror("write"), 1;
        uint64_t begin = now();
        if (fdatasync(fd) != 0) return perror("fdatasync"), 1;
        us[flushes++] = (uint32_t)(now() - begin);
    }
    unlink(args[1]);
    qsort(us, (size_t)flushes, sizeof *us, ascending);
    printf("fdatasync of the disk itself: %ld flushes of 64 KiB, p50 %.2f ms, p99 %.2f ms, p99.9 %.2f ms, max %.2f ms\n", flushes,
        us[flushes / 2] / 1e3, us[flushes * 99 / 100] / 1e3, us[flushes * 999 / 1000] / 1e3, us[flushes - 1] / 1e3);
    return 0;
}
