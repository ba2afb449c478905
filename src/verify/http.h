/* A small HTTP/1.1 client: GET over a plain connection that is kept, nothing else. No TLS: what is
 * fetched is authenticated by its signatures. For https, fetch the files with another tool. */
#ifndef VEIN_VERIFY_HTTP_H
#define VEIN_VERIFY_HTTP_H

#include "verify/source.h"

struct verify_http;
/* url begins with "http://". */
struct verify_http *verify_http_open(const char *url, struct verify_report *r);
void verify_http_close(struct verify_http *h);
enum verify_got verify_http_get(struct verify_http *h, const char *path, uint8_t *out, size_t max,
                                size_t *n, struct verify_report *r);

#endif
