/* libmicrohttpd alone, as the limit of what stands on it: answers each request with as many bytes
 * as its path says ("/12345"), by as many threads as the program's own server has. */
#ifndef VEIN_BENCH_PLAIN_H
#define VEIN_BENCH_PLAIN_H

#include <sys/types.h>

/* A process of its own, on 127.0.0.1; it ends with the bench. */
pid_t plain_start(int *port);
void plain_stop(pid_t pid);

#endif
