// Makes one write or one flush of the commit log, or the making of its next file, hang, as a disk does that is busy, throttled or gone for a while. Loaded into a broker:
//
//   cc -shared -fPIC -O2 -o hang.so hang.c -ldl
//   ROCKETOPS_HANG=/tmp/hang LD_PRELOAD=$PWD/hang.so RocketOps.Broker -c broker.conf
//   echo write > /tmp/hang.new && mv /tmp/hang.new /tmp/hang    the next pwrite to a file below commitlog/ hangs; "flush": the next fdatasync or fsync;
//                                                               "make": the next ftruncate or fallocate, by which a file gets its length and its blocks
//   rm /tmp/hang.now                                            lets it go on; /tmp/hang.now exists while the call hangs
//
// .NET asks dlsym for the functions it calls, which passes by what LD_PRELOAD puts in their place: so dlsym itself is replaced.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static const char *trigger;
static char hanging[4096];

__attribute__((constructor)) static void begin(void) {
    trigger = getenv("ROCKETOPS_HANG");
    if (trigger) snprintf(hanging, sizeof hanging, "%s.now", trigger);
}

static int isOfLog(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return strstr(path, "/commitlog/") != NULL;
}

static void hangIfTold(int fd, const char *what) {
    if (!trigger || access(trigger, F_OK) != 0 || !isOfLog(fd)) return;
    char wanted[16] = "";
    int file = open(trigger, O_RDONLY | O_CLOEXEC);
    if (file < 0) return;
    ssize_t n = read(file, wanted, sizeof wanted - 1);
    close(file);
    // Of several that come together the one whose rename succeeds hangs.
    if (n < (ssize_t)strlen(what) || strncmp(wanted, what, strlen(what)) != 0 || rename(trigger, hanging) != 0) return;
    struct timespec pause = { 0, 2000000 };
    while (access(hanging, F_OK) == 0) nanosleep(&pause, NULL);
}

static ssize_t slowPwrite(int fd, const void *data, size_t length, off_t offset) {
    hangIfTold(fd, "write");
    return syscall(SYS_pwrite64, fd, data, length, offset);
}

static ssize_t slowPwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    hangIfTold(fd, "write");
    return syscall(SYS_pwritev, fd, parts, (long)count, (long)offset, 0L);
}

static int slowFdatasync(int fd) {
    hangIfTold(fd, "flush");
    return (int)syscall(SYS_fdatasync, fd);
}

static int slowFsync(int fd) {
    hangIfTold(fd, "flush");
    return (int)syscall(SYS_fsync, fd);
}

static int slowFtruncate(int fd, off_t length) {
    hangIfTold(fd, "make");
    return (int)syscall(SYS_ftruncate, fd, length);
}

static int slowFallocate(int fd, int mode, off_t offset, off_t length) {
    hangIfTold(fd, "make");
    return (int)syscall(SYS_fallocate, fd, mode, offset, length);
}

void *dlsym(void *library, const char *name) {
    static void *(*real)(void *, const char *);
    static const char *const versions[] = { "GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17" };
    for (size_t i = 0; !real && i < sizeof versions / sizeof *versions; i++) real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    if (!real) abort();
    void *found = real(library, name);
    if (!found || !trigger) return found;
    if (strcmp(name, "pwrite") == 0 || strcmp(name, "pwrite64") == 0) return (void *)slowPwrite;
    if (strcmp(name, "pwritev") == 0 || strcmp(name, "pwritev64") == 0) return (void *)slowPwritev;
    if (strcmp(name, "fdatasync") == 0) return (void *)slowFdatasync;
    if (strcmp(name, "fsync") == 0) return (void *)slowFsync;
    if (strcmp(name, "ftruncate") == 0) return (void *)slowFtruncate;
    if (strcmp(name, "fallocate") == 0) return (void *)slowFallocate;
    return found;
}
