/* The answer's head and body are read through one buffer. Everything has a maximum: 16 KiB of head,
 * the caller's of body, 30 s of silence. */
#include "verify/http.h"

#include "verify/note.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HEAD_MAX = 16 * 1024, TEXT_MAX = 512, SILENCE_S = 30 };

struct verify_http {
    char host[TEXT_MAX], port[16], prefix[TEXT_MAX];
    int fd; /* -1: not connected */
    size_t at, filled;
    char buffer[64 * 1024];
};

struct head {
    int status;
    bool has_length, chunked, close, coded;
    uint64_t length;
};

struct verify_http *verify_http_open(const char *url, struct verify_report *r)
{
    struct str rest = str_from(str_z(url), strlen("http://"));
    const struct str place = str_cut(&rest, '/');
    struct str host = place, port = { NULL, 0 };
    if (str_starts(place, S("["))) { /* an IPv6 address */
        const size_t end = str_find(place, ']');
        host = (struct str){ place.p + 1, end - 1 };
        port = str_from(place, end + 1);
        if (end == place.n || (port.n > 0 && port.p[0] != ':'))
            host.n = 0;
        port = str_from(port, 1);
    } else {
        port = place;
        host = str_cut(&port, ':');
    }
    while (rest.n > 0 && rest.p[rest.n - 1] == '/')
        rest.n--;
    struct verify_http *h = calloc(1, sizeof *h);
    uint64_t number = 80;
    bool good = h && host.n > 0 && host.n < TEXT_MAX && rest.n < TEXT_MAX &&
                (port.n == 0 || (verify_decimal(&number, port) && number < 65536));
    for (size_t i = 0; good && url[i]; i++)
        good = url[i] > ' ' && url[i] <= '~' && url[i] != '?' && url[i] != '#' && url[i] != '@';
    if (!good) {
        free(h);
        verify_bad(r, "URL", "not of the form http://HOST[:PORT][/PREFIX]");
        return NULL;
    }
    snprintf(h->host, sizeof h->host, "%.*s", STR(host));
    snprintf(h->port, sizeof h->port, "%u", (unsigned)number);
    snprintf(h->prefix, sizeof h->prefix, "%s%.*s", rest.n > 0 ? "/" : "", STR(rest));
    h->fd = -1;
    return h;
}

static void disconnect(struct verify_http *h)
{
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
    h->at = h->filled = 0;
}

void verify_http_close(struct verify_http *h)
{
    if (h)
        disconnect(h);
    free(h);
}

static bool connect_to(struct verify_http *h)
{
    const struct addrinfo wanted = { .ai_socktype = SOCK_STREAM };
    const struct timeval silence = { .tv_sec = SILENCE_S };
    struct addrinfo *list = NULL;
    if (getaddrinfo(h->host, h->port, &wanted, &list) != 0)
        return false;
    for (const struct addrinfo *a = list; a && h->fd < 0; a = a->ai_next) {
        h->fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
        if (h->fd < 0)
            continue;
        setsockopt(h->fd, SOL_SOCKET, SO_RCVTIMEO, &silence, sizeof silence);
        setsockopt(h->fd, SOL_SOCKET, SO_SNDTIMEO, &silence, sizeof silence);
        if (connect(h->fd, a->ai_addr, a->ai_addrlen) != 0)
            disconnect(h);
    }
    freeaddrinfo(list);
    return h->fd >= 0;
}

static bool ask(struct verify_http *h, const char *path)
{
    char request[3 * TEXT_MAX];
    const int n = snprintf(request, sizeof request,
                           "GET %s/%s HTTP/1.1\r\nHost: %s:%s\r\nUser-Agent: vein-verify\r\n"
                           "Accept-Encoding: identity\r\n\r\n",
                           h->prefix, path, h->host, h->port);
    if (n < 0 || (size_t)n >= sizeof request)
        return false;
    for (size_t at = 0; at < (size_t)n;) {
        const ssize_t sent = send(h->fd, request + at, (size_t)n - at, MSG_NOSIGNAL);
        if (sent <= 0)
            return false;
        at += (size_t)sent;
    }
    return true;
}

/* More bytes into the buffer; false at the end of the connection. */
static bool receive(struct verify_http *h)
{
    if (h->at == h->filled)
        h->at = h->filled = 0;
    const ssize_t n = recv(h->fd, h->buffer + h->filled, sizeof h->buffer - h->filled, 0);
    if (n <= 0)
        return false;
    h->filled += (size_t)n;
    return true;
}

/* One line without its CRLF; false when there is none within HEAD_MAX. */
static bool line(struct verify_http *h, char out[HEAD_MAX])
{
    size_t n = 0;
    for (;;) {
        if (h->at == h->filled && !receive(h))
            return false;
        const char c = h->buffer[h->at++];
        if (c == '\n')
            break;
        if (n + 1 == HEAD_MAX)
            return false;
        out[n++] = c;
    }
    out[n > 0 && out[n - 1] == '\r' ? n - 1 : n] = '\0';
    return true;
}

static void header(struct head *head, struct str text)
{
    struct str value = text;
    const struct str name = str_cut(&value, ':');
    value = str_trim(value);
#define IS(s, z) ((s).n == sizeof z - 1 && strncasecmp((s).p, z, (s).n) == 0)
    if (IS(name, "Content-Length"))
        head->has_length = verify_decimal(&head->length, value);
    else if (IS(name, "Transfer-Encoding"))
        head->chunked = IS(value, "chunked");
    else if (IS(name, "Connection"))
        head->close = IS(value, "close");
    else if (IS(name, "Content-Encoding"))
        head->coded = !IS(value, "identity");
#undef IS
}

static bool head_read(struct verify_http *h, struct head *head)
{
    char text[HEAD_MAX];
    *head = (struct head){ 0 };
    uint64_t status;
    if (!line(h, text) || strncmp(text, "HTTP/1.", 7) != 0 || strlen(text) < 12 ||
        !verify_decimal(&status, (struct str){ text + 9, 3 }))
        return false;
    head->status = (int)status;
    head->close = text[7] == '0';
    for (int lines = 0; lines < 100; lines++) {
        if (!line(h, text))
            return false;
        if (text[0] == '\0')
            return true;
        header(head, str_z(text));
    }
    return false;
}

/* n bytes of body into out + *have, counting but not keeping what is beyond max. */
static bool body_part(struct verify_http *h, uint8_t *out, size_t max, size_t *have, uint64_t n)
{
    while (n > 0) {
        if (h->at == h->filled && !receive(h))
            return false;
        size_t part = h->filled - h->at;
        if (part > n)
            part = (size_t)n;
        if (part > max - *have)
            return false;
        memcpy(out + *have, h->buffer + h->at, part);
        *have += part;
        h->at += part;
        n -= part;
    }
    return true;
}

static bool body_chunked(struct verify_http *h, uint8_t *out, size_t max, size_t *have)
{
    char text[HEAD_MAX];
    for (;;) {
        char *end;
        if (!line(h, text))
            return false;
        const unsigned long long n = strtoull(text, &end, 16);
        if (end == text || end - text > 8 || (*end && *end != ';'))
            return false;
        if (n == 0)
            break;
        if (!body_part(h, out, max, have, n) || !line(h, text) || text[0])
            return false;
    }
    do /* trailers */
        if (!line(h, text))
            return false;
    while (text[0]);
    return true;
}

static bool body_read(struct verify_http *h, const struct head *head, uint8_t *out, size_t max,
                      size_t *n)
{
    *n = 0;
    if (head->chunked)
        return body_chunked(h, out, max, n);
    if (head->has_length)
        return head->length <= max && body_part(h, out, max, n, head->length);
    while (h->at < h->filled || receive(h)) /* up to the end of the connection */
        if (!body_part(h, out, max, n, h->filled - h->at))
            return false;
    return true;
}

enum verify_got verify_http_get(struct verify_http *h, const char *path, uint8_t *out, size_t max,
                                size_t *n, struct verify_report *r)
{
    struct head head;
    bool answered = false;
    for (int tries = 0; tries < 2 && !answered; tries++) { /* a kept connection may have ended */
        if (tries > 0)
            disconnect(h);
        answered = (h->fd >= 0 || connect_to(h)) && ask(h, path) && head_read(h, &head);
    }
    enum verify_got got = VERIFY_BROKEN;
    if (!answered)
        verify_bad(r, path, "could not be fetched from %s:%s", h->host, h->port);
    else if (head.status == 404 || head.status == 410)
        got = VERIFY_MISSING;
    else if (head.status != 200 || head.coded)
        verify_bad(r, path, "HTTP status %d%s", head.status, head.coded ? ", encoded" : "");
    else if (!body_read(h, &head, out, max, n))
        verify_bad(r, path, "broken off, or longer than %zu bytes", max);
    else
        got = VERIFY_GOT;
    if (got != VERIFY_GOT || head.close || (!head.has_length && !head.chunked))
        disconnect(h);
    return got;
}
