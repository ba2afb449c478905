/* A client of raw bytes and a small server for the tests of http. */
#ifndef VEIN_KERNEL_TESTS_HTTP_CLIENT_H
#define VEIN_KERNEL_TESTS_HTTP_CLIENT_H

#include "kernel/http.h"

/* A connected socket; a failed connect fails the test. */
int client_connect(const struct http_server *s);
void client_send(int fd, struct str bytes);
/* One whole answer, head and body as by its Content-Length; what came so far when the peer closes
 * or says nothing for five seconds. `to` is NUL-terminated. */
size_t client_read(int fd, char *to, size_t size);
/* True when the peer closes within the time; what it says before is passed over. */
bool client_closed_within(int fd, int ms);
/* Sends a whole request on a connection of its own; gives the status, 0: no answer. */
int client_ask(const struct http_server *s, struct str request, char *answer, size_t size);
/* What stands in the answer behind `before`, up to `end`; both must be there. */
void client_take(char *to, size_t size, const char *answer, const char *before, char end);
int client_status(const char *answer);

/* Routes of the test server:
 *   GET  /hello  /units/{unit}  /units/all  /files/{rest*}  /query?a=  /empty
 *   POST /form (1,000 bytes; answers the field a)   POST /raw (100 bytes; answers the body)
 *   GET  /wait (answered by another thread)   /early (resumed before the handler returns)
 *   GET  /twice (waits twice)   /live (topic "t")   /away   /broken   /asset   /forbidden */
struct http_options test_options(void);
/* As options say; port 0. */
struct http_server *test_start(const struct http_options *options);
/* While held, /wait is not answered. */
void test_hold(bool held);
/* Requests that wait now. */
size_t test_waiting(void);
/* Starts and ends the thread that resumes. */
void test_resumer_start(void);
void test_resumer_stop(void);

#endif
