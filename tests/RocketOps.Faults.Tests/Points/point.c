// Kills a process with SIGKILL inside of what it does to its disk: at the n-th of some calls on files of some name, before the call, after
// it, or in the middle of a write. Loaded into a broker:
//
//   cc -shared -fPIC -O2 -o point.so point.c -ldl
//   ROCKETOPS_POINT=/tmp/point LD_PRELOAD=$PWD/point.so RocketOps.Broker -c broker.conf
//   echo "3 after /commitlog/ create,size /" > /tmp/point.new && mv /tmp/point.new /tmp/point
//
// The fields: the number of the call, from 1 on; before, after or half (of a write; of another call: after); a part of the path; the calls,
// or any; a part of the path of any call with which the count begins. Calls are
//
//   create   open with O_CREAT                      size     ftruncate, fallocate
//   write    pwrite, pwritev                        flush    fdatasync, fsync
//   rename   either name counts                     remove   unlink, rmdir
//
// Before it dies the process moves the file /tmp/point to /tmp/point.now and puts the call and the path into it.
//
// .NET asks dlsym for the functions it calls, which passes by what LD_PRELOAD puts in their place: so dlsym itself is replaced.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum when { NOT, BEFORE, HALF, AFTER };

static const char *trigger;
static char landed[4096];
static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static long left;
static enum when plannedWhen;
static int counts;
static char part[512], calls[128], since[512], place[4096];

__attribute__((constructor)) static void begin(void) {
    trigger = getenv("ROCKETOPS_POINT");
    if (trigger) snprintf(landed, sizeof landed, "%s.now", trigger);
}

// Under the gate: true when there is a plan.
static int readPlan(void) {
    if (left > 0) return 1;
    char text[1024] = "", when[16] = "";
    int file = (int)syscall(SYS_openat, AT_FDCWD, trigger, O_RDONLY | O_CLOEXEC, 0);
    if (file < 0) return 0;
    ssize_t n = read(file, text, sizeof text - 1);
    close(file);
    if (n <= 0 || sscanf(text, "%ld %15s %511s %127s %511s", &left, when, part, calls, since) != 5) abort();
    plannedWhen = strcmp(when, "before") == 0 ? BEFORE : strcmp(when, "half") == 0 ? HALF : AFTER;
    return 1;
}

static int isOf(const char *name, const char *path, const char *other) {
    return strstr(path, name) != NULL || (other && strstr(other, name) != NULL);
}

static int isMet(const char *call, const char *path, const char *other) {
    counts = counts || isOf(since, path, other);
    return counts && (strcmp(calls, "any") == 0 || strstr(calls, call)) && isOf(part, path, other);
}

// Under the gate, which no other thread gets by any more: what comes after this call on the disk is not done.
static void die(const char *call) {
    char text[5000];
    int length = snprintf(text, sizeof text, "%s %s", call, place);
    int file = (int)syscall(SYS_openat, AT_FDCWD, trigger, O_WRONLY | O_TRUNC | O_CLOEXEC, 0);
    if (file < 0 || write(file, text, (size_t)length) != length || rename(trigger, landed) != 0) abort();
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// How the process dies at this call. It does not come back from a call before which it dies, and is under the gate where it dies later.
static enum when meet(const char *call, const char *path, const char *other) {
    if (!trigger) return NOT;
    pthread_mutex_lock(&gate);
    if (!readPlan() || !isMet(call, path, other) || --left > 0) {
        pthread_mutex_unlock(&gate);
        return NOT;
    }
    snprintf(place, sizeof place, "%s", path);
    if (plannedWhen == BEFORE) {
        char text[64];
        snprintf(text, sizeof text, "before %s", call);
        die(text);
    }
    return plannedWhen;
}

static enum when meetFile(const char *call, int fd) {
    if (!trigger) return NOT;
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = 0;
    return n > 0 ? meet(call, path, NULL) : NOT;
}

static long ended(enum when now, const char *call, long result) {
    if (now != NOT) die(call);
    return result;
}

static ssize_t pointPwrite(int fd, const void *data, size_t length, off_t offset) {
    enum when now = meetFile("write", fd);
    size_t written = now == HALF ? (length + 1) / 2 : length;
    return ended(now, now == HALF ? "in write" : "after write", syscall(SYS_pwrite64, fd, data, written, offset));
}

static ssize_t pointPwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    enum when now = meetFile("write", fd);
    long written = now == HALF ? 1 : count;
    return ended(now, now == HALF ? "in write" : "after write", syscall(SYS_pwritev, fd, parts, written, (long)offset, 0L));
}

static int pointFdatasync(int fd) {
    enum when now = meetFile("flush", fd);
    return (int)ended(now, "after flush", syscall(SYS_fdatasync, fd));
}

static int pointFsync(int fd) {
    enum when now = meetFile("flush", fd);
    return (int)ended(now, "after flush", syscall(SYS_fsync, fd));
}

static int pointFtruncate(int fd, off_t length) {
    enum when now = meetFile("size", fd);
    return (int)ended(now, "after size", syscall(SYS_ftruncate, fd, length));
}

static int pointFallocate(int fd, int mode, off_t offset, off_t length) {
    enum when now = meetFile("size", fd);
    return (int)ended(now, "after size", syscall(SYS_fallocate, fd, mode, offset, length));
}

static int pointOpen(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
    va_end(rest);
    enum when now = flags & O_CREAT ? meet("create", path, NULL) : NOT;
    return (int)ended(now, "after create", syscall(SYS_openat, AT_FDCWD, path, flags, mode));
}

static int pointRename(const char *from, const char *to) {
    enum when now = meet("rename", from, to);
    return (int)ended(now, "after rename", syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0));
}

static int pointUnlink(const char *path) {
    enum when now = meet("remove", path, NULL);
    return (int)ended(now, "after remove", syscall(SYS_unlinkat, AT_FDCWD, path, 0));
}

static int pointRmdir(const char *path) {
    enum when now = meet("remove", path, NULL);
    return (int)ended(now, "after remove", syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR));
}

void *dlsym(void *library, const char *name) {
    static void *(*real)(void *, const char *);
    static const char *const versions[] = { "GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17" };
    for (size_t i = 0; !real && i < sizeof versions / sizeof *versions; i++)
        real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    if (!real) abort();
    void *found = real(library, name);
    if (!found || !trigger) return found;
    static const struct { const char *name; void *instead; } replaced[] = {
        { "open", (void *)pointOpen }, { "pwrite", (void *)pointPwrite }, { "pwrite64", (void *)pointPwrite },
        { "pwritev", (void *)pointPwritev },
        { "pwritev64", (void *)pointPwritev }, { "fdatasync", (void *)pointFdatasync }, { "fsync", (void *)pointFsync },
        { "ftruncate", (void *)pointFtruncate }, { "fallocate", (void *)pointFallocate }, { "rename", (void *)pointRename },
        { "unlink", (void *)pointUnlink }, { "rmdir", (void *)pointRmdir },
    };
    for (size_t i = 0; i < sizeof replaced / sizeof *replaced; i++) if (strcmp(name, replaced[i].name) == 0) return replaced[i].instead;
    return found;
}
