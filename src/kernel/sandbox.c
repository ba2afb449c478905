/* The sandbox's list of system calls: what is not named is turned down with EPERM. */
#define _GNU_SOURCE
#include "kernel/sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/sandbox_impl.h"

/* Memory, threads, time, reading, and what was opened before. */
static const char *const calls[] = {
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "preadv",
    "sendto",
    "sendmsg",
    "recvfrom",
    "recvmsg",
    "close",
    "fstat",
    "newfstatat",
    "stat",
    "lstat",
    "statx",
    "statfs",
    "fstatfs",
    "lseek",
    "mmap",
    "mprotect",
    "munmap",
    "mremap",
    "madvise",
    "brk",
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "sigaltstack",
    "futex",
    "clock_gettime",
    "clock_getres",
    "clock_nanosleep",
    "nanosleep",
    "gettimeofday",
    "time",
    "getpid",
    "gettid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getrandom",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "getdents64",
    "exit",
    "exit_group",
    "uname",
    "sysinfo",
    "sched_getaffinity",
    "sched_yield",
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "eventfd2",
    "pipe2",
    "dup",
    "fcntl",
    "set_robust_list",
    "set_tid_address",
    "rseq",
    "membarrier",
    "getrlimit",
    "getrusage",
    "fadvise64",
    "restart_syscall",
    "arch_prctl",
    "shutdown",
};

static const char *const network_calls[] = {
    "connect",     "getsockopt", "setsockopt", "getsockname",
    "getpeername", "sendmmsg",   "recvmmsg",   "socketpair",
};

/* Where the loader, the C library and its resolver look. */
static const char *const system_paths[] = {
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache", "/dev/null", NULL,
};

static bool allow(scmp_filter_ctx filter, const char *name)
{
    const int call = seccomp_syscall_resolve_name(name);
    return call == __NR_SCMP_ERROR || seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0;
}

static bool allow_all(scmp_filter_ctx filter, const char *const *names, size_t n)
{
    bool good = true;
    for (size_t i = 0; good && i < n; i++)
        good = allow(filter, names[i]);
    return good;
}

/* Opening for reading only. */
static bool allow_reading(scmp_filter_ctx filter)
{
    const uint64_t writes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND;
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(open), 1,
                            SCMP_A1(SCMP_CMP_MASKED_EQ, writes, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, writes, 0)) == 0;
}

/* Threads, never processes: clone3 hides its flags, so the C library is sent back to clone. */
static bool allow_threads(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0;
}

/* Calls that are harmless with one argument only: abort() of oneself, asking for limits, naming a
 * thread, the state of a descriptor. */
static bool allow_some(scmp_filter_ctx filter)
{
    const uint64_t self = (uint64_t)getpid();
    static const uint64_t ioctls[] = { FIONREAD, FIONBIO, 0x5401 /* TCGETS */ };
    bool good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                 SCMP_A0(SCMP_CMP_EQ, self, 0)) == 0 &&
                seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
                                 SCMP_A0(SCMP_CMP_EQ, 0, 0), SCMP_A2(SCMP_CMP_EQ, 0, 0)) == 0 &&
                seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
                                 SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME, 0)) == 0;
    for (size_t i = 0; good && i < sizeof ioctls / sizeof ioctls[0]; i++)
        good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                SCMP_A1(SCMP_CMP_EQ, ioctls[i], 0)) == 0;
    return good;
}

/* Outgoing only: no bind, listen or accept. */
static bool allow_network(scmp_filter_ctx filter)
{
    return allow_all(filter, network_calls, sizeof network_calls / sizeof network_calls[0]) &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                            SCMP_A0(SCMP_CMP_EQ, AF_INET, 0)) == 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                            SCMP_A0(SCMP_CMP_EQ, AF_INET6, 0)) == 0;
}

enum outcome sandbox_enter(const struct sandbox *s, struct err *e)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return err_fault(e, "sandbox.failed", "no_new_privs: %m");
    if (sandbox_landlock() > 0 && !sandbox_landlock_enter(system_paths, s->read))
        return err_fault(e, "sandbox.failed", "landlock: %m");
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!filter)
        return err_no_memory(e);
    bool good = allow_all(filter, calls, sizeof calls / sizeof calls[0]) && allow_reading(filter) &&
                allow_threads(filter) && allow_some(filter) &&
                (!s->network || allow_network(filter)) && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return good ? OK : err_fault(e, "sandbox.failed", "the filter of calls could not be loaded");
}
