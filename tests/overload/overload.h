/* What the ways of asking too much share. Every one gives the exit status and prints what it saw.
 */
#ifndef VEIN_OVERLOAD_H
#define VEIN_OVERLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

int overload_commands(char **argv);
int overload_slow(char **argv);
int overload_deaf(char **argv);
int overload_streams(char **argv);

/* A socket that does not block, on its way to 127.0.0.1:port from the loopback address of this
 * number; ends the program where there is none. */
int client_open(int port, int from);
int64_t client_now_ms(void);
/* Status of an answer's head; 0 where it is not whole yet. *body: where it ends. */
int client_status(const char *answer, size_t n, size_t *body);
/* A header's number; -1: it has none. */
long client_number(const char *answer, const char *name);

#endif
