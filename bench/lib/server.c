#include "bench/lib/server.h"

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/lib/people.h"

/* Runs a program whose output is read at *out. */
static pid_t spawn(const char *const *words, int *out)
{
    int ends[2];
    if (pipe(ends) != 0)
        bench_die("pipe", NULL);
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a bench that fails leaves nothing running */
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    close(ends[1]);
    *out = ends[0];
    return pid;
}

void server_simulate(const char *vein, const char *path, const char *orders)
{
    int out, status;
    char sink[4096];
    const char *const words[] = { vein, "simulate", "--db", path, "--orders", orders, NULL };
    const pid_t pid = spawn(words, &out);
    while (read(out, sink, sizeof sink) > 0)
        ;
    close(out);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        bench_die("the simulation did not end well", NULL);
}

pid_t server_start(const char *vein, const char *path, int *port)
{
    int out;
    char line[200] = "";
    const char *const words[] = { vein, "serve", "--db", path, "--listen", "127.0.0.1:0", NULL };
    if (setenv("VEIN_RATE", "1000000", 1) != 0 || setenv("VEIN_BURST", "1000000", 1) != 0)
        bench_die("environment", NULL);
    const pid_t pid = spawn(words, &out);
    FILE *from = fdopen(out, "r");
    if (!from || !fgets(line, sizeof line, from))
        bench_die("the server does not start", NULL);
    const char *colon = strrchr(line, ':');
    *port = colon ? (int)strtol(colon + 1, NULL, 10) : 0;
    return pid;
}

double server_processor_us(pid_t pid)
{
    clockid_t clock;
    struct timespec t;
    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) != 0)
        bench_die("the server's clock", NULL);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

double server_resident(pid_t pid)
{
    char path[40], line[200];
    double kb = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *from = fopen(path, "r");
    while (from && fgets(line, sizeof line, from))
        if (strncmp(line, "VmRSS:", 6) == 0)
            kb = (double)strtoll(line + 6, NULL, 10);
    if (!from || kb == 0)
        bench_die("the server's memory", NULL);
    fclose(from);
    return kb * 1024;
}

void server_run(const char *const *words)
{
    int status;
    fflush(stdout);
    const pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0)
        bench_die(words[0], NULL);
}

void server_stop(pid_t pid)
{
    int status;
    kill(pid, SIGTERM);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        bench_die("the server did not end well", NULL);
}
