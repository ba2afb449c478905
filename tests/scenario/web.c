/* One request at a time, exactly as it is said: nothing is followed, decoded or remembered. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "base/buf.h"
#include "tests/scenario/scenario.h"

enum { ANSWER_MAX = 4 << 20, WAIT_S = 30 };

struct arriving {
    struct web_answer *answer;
    struct arena *arena;
    struct buf body;
};

static size_t take_body(char *p, size_t size, size_t n, void *context)
{
    struct arriving *a = context;
    buf_put(&a->body, p, size * n);
    return size * n;
}

static struct str value_of(const struct arriving *a, struct str line, const char *name)
{
    size_t n = strlen(name);
    if (line.n <= n || strncasecmp(line.p, name, n) != 0)
        return (struct str){ 0 };
    return arena_str(a->arena, str_trim(str_from(line, n)));
}

static size_t take_header(char *p, size_t size, size_t n, void *context)
{
    struct arriving *a = context;
    struct str line = { p, size * n };
    struct str location = value_of(a, line, "Location:");
    struct str cookie = value_of(a, line, "Set-Cookie:");
    if (location.p)
        a->answer->location = location;
    if (cookie.p && !a->answer->cookie.p) /* the session's; the device's comes behind it */
        a->answer->cookie = arena_str(a->arena, str_cut(&cookie, ';'));
    return line.n;
}

static struct curl_slist *all_headers(const struct web_request *r)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    for (size_t i = 0; i < r->nheaders; i++)
        list = curl_slist_append(list, r->headers[i]);
    return list;
}

void web_send(struct web_answer *out, const struct server *s, const struct web_request *r,
              struct arena *arena)
{
    char url[16384];
    long status = 0;
    struct arriving a = { out, arena, buf_in(arena, ANSWER_MAX) };
    CURL *c = curl_easy_init();
    struct curl_slist *headers = all_headers(r);
    *out = (struct web_answer){ 0 };
    if (!c || snprintf(url, sizeof url, "%s%s", s->url, r->path) >= (int)sizeof url)
        scenario_fail("the path is too long");
    curl_easy_setopt(c, CURLOPT_URL, url);
    curl_easy_setopt(c, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(c, CURLOPT_TIMEOUT, (long)WAIT_S);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, &a);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, &a);
    if (r->cookie)
        curl_easy_setopt(c, CURLOPT_COOKIE, r->cookie);
    if (r->body.p) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, r->body.p);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->body.n);
    }
    curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, r->method);
    CURLcode code = curl_easy_perform(c);
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    /* A server that refuses by the head may close before it has read the body. */
    if (code != CURLE_OK && status < 400)
        scenario_fail("%s %s: %s", r->method, r->path, curl_easy_strerror(code));
    curl_slist_free_all(headers);
    curl_easy_cleanup(c);
    out->status = (int)status;
    out->body = buf_get(&a.body);
}
