// Makes one event loop of a server fail, or keeps it in its work for good. Loaded into the server:
//
//   cc -shared -fPIC -O2 -o loop.so loop.c -ldl
//   ROCKETOPS_LOOP=/tmp/loop LD_PRELOAD=$PWD/loop.so RocketOps.Broker -c broker.conf
//   echo fail > /tmp/loop.new && mv /tmp/loop.new /tmp/loop    the next wait for events that finds one fails with EBADF; "hold": the next receive does not return
//   /tmp/loop.now exists from then on; what is held goes on when it is removed
//
// .NET asks dlsym for the functions it calls, which passes by what LD_PRELOAD puts in their place: so dlsym itself is replaced. Only the loops ask for these two by dlsym.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *trigger;
static char broken[4096];

__attribute__((constructor)) static void begin(void) {
    trigger = getenv("ROCKETOPS_LOOP");
    if (trigger) snprintf(broken, sizeof broken, "%s.now", trigger);
}

static int isTold(const char *what) {
    if (access(trigger, F_OK) != 0) return 0;
    char wanted[16] = "";
    int file = open(trigger, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    ssize_t n = read(file, wanted, sizeof wanted - 1);
    close(file);
    // Of several that come together the one whose rename succeeds is broken.
    return n >= (ssize_t)strlen(what) && strncmp(wanted, what, strlen(what)) == 0 && rename(trigger, broken) == 0;
}

static int failingWait(int poll, void *events, int most, int timeout) {
    int count = (int)syscall(SYS_epoll_pwait, poll, events, (long)most, (long)timeout, NULL, 8L);
    int error = errno;
    if (count > 0 && isTold("fail")) {
        errno = EBADF;
        return -1;
    }
    // Looking for the trigger has left its own.
    errno = error;
    return count;
}

static ssize_t heldReceive(int fd, void *buffer, size_t length, int flags) {
    if (isTold("hold")) {
        struct timespec pause = { 0, 2000000 };
        while (access(broken, F_OK) == 0) nanosleep(&pause, NULL);
    }
    return syscall(SYS_recvfrom, fd, buffer, length, (long)flags, NULL, NULL);
}

void *dlsym(void *library, const char *name) {
    static void *(*real)(void *, const char *);
    static const char *const versions[] = { "GLIBC_2.34", "GLIBC_2.2.5", "GLIBC_2.17" };
    for (size_t i = 0; !real && i < sizeof versions / sizeof *versions; i++) real = (void *(*)(void *, const char *))dlvsym(RTLD_NEXT, "dlsym", versions[i]);
    if (!real) abort();
    void *found = real(library, name);
    if (!found || !trigger) return found;
    if (strcmp(name, "epoll_wait") == 0) return (void *)failingWait;
    if (strcmp(name, "recv") == 0) return (void *)heldReceive;
    return found;
}
