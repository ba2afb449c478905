#include "bench/lib/plain.h"

#include <microhttpd.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/lib/people.h"

enum { BYTES_MAX = 1 << 20, THREADS = 2 };

static char bytes[BYTES_MAX];

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *nupload, void **state)
{
    (void)context;
    (void)method;
    (void)version;
    (void)upload;
    if (!*state) { /* the head alone: the answer is given once the body is there */
        *state = connection;
        return MHD_YES;
    }
    if (*nupload > 0) {
        *nupload = 0;
        return MHD_YES;
    }
    const size_t asked = strtoul(url + 1, NULL, 10);
    const size_t n = asked < sizeof bytes ? asked : sizeof bytes;
    struct MHD_Response *response =
        MHD_create_response_from_buffer(n, bytes, MHD_RESPMEM_PERSISTENT);
    const enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static void serve(int to)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    memset(bytes, 'x', sizeof bytes);
    struct sockaddr_in address = { .sin_family = AF_INET };
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_POLL_INTERNAL_THREAD, 0, NULL, NULL, answer, NULL, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS, MHD_OPTION_END);
    const union MHD_DaemonInfo *info =
        daemon ? MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT) : NULL;
    const int port = info ? info->port : 0;
    if (write(to, &port, sizeof port) != sizeof port || port == 0)
        _exit(1);
    for (;;)
        pause();
}

pid_t plain_start(int *port)
{
    int ends[2];
    if (pipe(ends) != 0)
        bench_die("pipe", NULL);
    const pid_t pid = fork();
    if (pid == 0)
        serve(ends[1]);
    close(ends[1]);
    if (pid < 0 || read(ends[0], port, sizeof *port) != sizeof *port || *port == 0)
        bench_die("libmicrohttpd does not start", NULL);
    close(ends[0]);
    return pid;
}

void plain_stop(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    (void)waitpid(pid, NULL, 0);
}
