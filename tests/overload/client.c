#define _GNU_SOURCE /* memmem, strcasestr */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "overload.h"

static void must(bool good, const char *what)
{
    if (good)
        return;
    perror(what);
    exit(2);
}

static struct sockaddr_in loopback(int last, int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr = { htonl(0x7f000000u + (uint32_t)last) } };
}

int client_open(int port, int from)
{
    const struct sockaddr_in own = loopback(from, 0);
    const struct sockaddr_in server = loopback(1, port);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must(fd >= 0, "socket");
    must(bind(fd, (const struct sockaddr *)&own, sizeof own) == 0, "bind");
    must(connect(fd, (const struct sockaddr *)&server, sizeof server) == 0 || errno == EINPROGRESS,
         "connect");
    return fd;
}

int64_t client_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int client_status(const char *answer, size_t n, size_t *body)
{
    const char *end = memmem(answer, n, "\r\n\r\n", 4);
    int status = 0;
    if (!end || sscanf(answer, "HTTP/1.%*d %d", &status) != 1)
        return 0;
    *body = (size_t)(end - answer) + 4;
    return status;
}

long client_number(const char *answer, const char *name)
{
    const char *at = strcasestr(answer, name);
    return at ? strtol(at + strlen(name), NULL, 10) : -1;
}
