/* The real `vein serve` beside a bench, on a port of its own, without the limit on what one account
 * may ask: what is measured is the server, not its patience. */
#ifndef VEIN_BENCH_SERVER_H
#define VEIN_BENCH_SERVER_H

#include <sys/types.h>

/* Answers when the server does. */
pid_t server_start(const char *vein, const char *path, int *port);
/* Microseconds of the processor's time that it took so far, all threads together. */
double server_processor_us(pid_t pid);
/* Ends the bench unless the server ends well. */
void server_stop(pid_t pid);

/* Resident memory now, in bytes. */
double server_resident(pid_t pid);

/* Runs a program to its end; ends the bench unless it ends well. What it prints is printed. */
void server_run(const char *const *words);

/* `vein simulate` of so many orders into a new database. */
void server_simulate(const char *vein, const char *path, const char *orders);

#endif
