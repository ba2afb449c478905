/* One try by libcurl: a POST that follows nobody, or a mail. */
#include <curl/curl.h>

#include "kernel/post_guard.h"
#include "worker/post.h"

enum {
    URL_MAX = 600,
    TEXT_MAX = 1100,
    ANSWER_MAX = 64 << 10,
    BAD_REQUEST = 400,
    GONE = 410,
    TOO_LARGE = 413,
    UNPROCESSABLE = 422,
    TOLD_MAX = 2048, /* of an answer, to who sent it */
};

struct sending {
    const struct post_request *request;
    CURL *curl;
    struct curl_slist *list; /* headers, or the recipient */
    size_t sent;             /* bytes of a mail */
    size_t got;              /* bytes of the answer */
    uint8_t told[TOLD_MAX];  /* its beginning */
    size_t ntold;
    const char *guarded; /* why no connection was opened */
    struct arena *arena;
};

enum outcome post_prepare(struct err *e)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_fault(e, "worker.failed", "libcurl does not start");
    return OK;
}

/* --- what libcurl calls --- */

/* By the address that is really connected to. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
    struct sending *s = context;
    (void)purpose;
    const enum post_place place = post_guard(&address->addr, s->request->allowed);
    if (place == POST_INSIDE)
        s->guarded = "outbox.inside";
    else if (place == POST_OUTSIDE && !str_starts(s->request->url, S("https://")))
        s->guarded = "outbox.plain";
    if (s->guarded)
        return CURL_SOCKET_BAD;
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t take_answer(char *bytes, size_t size, size_t n, void *context)
{
    struct sending *s = context;
    const size_t room = TOLD_MAX - s->ntold;
    const size_t take = size * n < room ? size * n : room;
    memcpy(s->told + s->ntold, bytes, take);
    s->ntold += take;
    s->got += size * n;
    return s->got > ANSWER_MAX ? 0 : size * n; /* nobody reads it; an endless one is cut off */
}

static size_t give_mail(char *out, size_t size, size_t n, void *context)
{
    struct sending *s = context;
    const struct bytes body = s->request->body;
    size_t room = size * n;
    size_t left = body.n - s->sent;
    size_t now = left < room ? left : room;
    memcpy(out, body.p + s->sent, now);
    s->sent += now;
    return now;
}

/* --- setting up --- */

#define SET(s, option, value) (curl_easy_setopt((s)->curl, (option), (value)) == CURLE_OK)

static bool add(struct sending *s, struct str line)
{
    struct curl_slist *more = line.p ? curl_slist_append(s->list, line.p) : NULL;
    if (more)
        s->list = more;
    return more != NULL;
}

static bool set_common(struct sending *s)
{
    const struct post_request *r = s->request;
    bool good = SET(s, CURLOPT_URL, arena_str(s->arena, r->url).p) &&
                SET(s, CURLOPT_NOSIGNAL, 1L) && SET(s, CURLOPT_PROXY, "") &&
                SET(s, CURLOPT_TIMEOUT_MS, (long)r->timeout_ms) &&
                SET(s, CURLOPT_CONNECTTIMEOUT_MS, (long)r->timeout_ms) &&
                SET(s, CURLOPT_WRITEFUNCTION, take_answer) && SET(s, CURLOPT_WRITEDATA, s) &&
                SET(s, CURLOPT_SSL_VERIFYPEER, 1L) && SET(s, CURLOPT_SSL_VERIFYHOST, 2L) &&
                SET(s, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (r->trusted.n > 0) {
        struct curl_blob blob = { (void *)(uintptr_t)r->trusted.p, r->trusted.n, CURL_BLOB_COPY };
        good = good && SET(s, CURLOPT_CAINFO_BLOB, &blob);
    }
    return good;
}

static bool set_webhook(struct sending *s)
{
    const struct post_request *r = s->request;
    /* Webhooks' addresses come from definitions, those of witnesses from the configuration. */
    bool good =
        str_is(r->protocol, "witness") ||
        (SET(s, CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(s, CURLOPT_OPENSOCKETDATA, s));
    good = good && SET(s, CURLOPT_PROTOCOLS_STR, "https,http") &&
           SET(s, CURLOPT_FOLLOWLOCATION, 0L) && SET(s, CURLOPT_POST, 1L) &&
           SET(s, CURLOPT_POSTFIELDSIZE, (long)r->body.n) &&
           SET(s, CURLOPT_POSTFIELDS, (const char *)r->body.p) && SET(s, CURLOPT_USERAGENT, "vein");
    for (size_t i = 0; good && i < r->headers.n; i++)
        good = add(s, arena_printf(s->arena, "%.*s: %.*s", STR(r->headers.p[i].name),
                                   STR(r->headers.p[i].value)));
    good = good && add(s, S("Expect:")); /* one round trip */
    return good && SET(s, CURLOPT_HTTPHEADER, s->list);
}

static bool set_mail(struct sending *s)
{
    const struct post_request *r = s->request;
    bool good =
        SET(s, CURLOPT_PROTOCOLS_STR, "smtp,smtps") &&
        SET(s, CURLOPT_USE_SSL, r->starttls ? (long)CURLUSESSL_ALL : (long)CURLUSESSL_NONE) &&
        SET(s, CURLOPT_MAIL_FROM, arena_printf(s->arena, "<%.*s>", STR(r->from)).p) &&
        add(s, arena_printf(s->arena, "<%.*s>", STR(r->to))) &&
        SET(s, CURLOPT_MAIL_RCPT, s->list) && SET(s, CURLOPT_UPLOAD, 1L) &&
        SET(s, CURLOPT_READFUNCTION, give_mail) && SET(s, CURLOPT_READDATA, s);
    if (good && r->user.p)
        good = SET(s, CURLOPT_USERNAME, arena_str(s->arena, r->user).p) &&
               SET(s, CURLOPT_PASSWORD, arena_str(s->arena, r->password).p);
    return good;
}

/* --- what came of it --- */

static void fails(struct post_result *out, const char *code, bool hopeless)
{
    out->code = str_z(code);
    out->hopeless = hopeless;
}

static void answered_http(struct post_result *out, int64_t status)
{
    if (status >= 200 && status < 300) {
        out->delivered = true;
        return;
    }
    if (status >= 300 && status < 400) {
        fails(out, "outbox.redirect", true);
        return;
    }
    fails(out, "outbox.answer",
          status == BAD_REQUEST || status == GONE || status == TOO_LARGE ||
              status == UNPROCESSABLE);
}

static const char *code_of(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return "outbox.timeout";
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_USE_SSL_FAILED:
    case CURLE_SSL_CACERT_BADFILE:
        return "outbox.tls";
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "outbox.url";
    default:
        return "outbox.connection";
    }
}

static void ended(struct post_result *out, const struct sending *s, CURLcode code)
{
    long status = 0;
    const bool mail = str_is(s->request->protocol, "mail");
    *out = (struct post_result){ .status = INT_NONE };
    if (curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK && status > 0)
        out->status = status;
    if (s->guarded)
        fails(out, s->guarded, true);
    else if (mail && code == CURLE_OK)
        out->delivered = true;
    else if (mail && code != CURLE_OPERATION_TIMEDOUT && code != CURLE_USE_SSL_FAILED &&
             status >= 400)
        fails(out, "outbox.answer", status >= 500);
    else if (!mail && (code == CURLE_OK || code == CURLE_WRITE_ERROR) && status > 0)
        answered_http(out, status);
    else
        fails(out, code_of(code), code == CURLE_URL_MALFORMAT);
    if (str_is(s->request->protocol, "witness"))
        out->answer = (struct bytes){ s->told, s->ntold };
}

static enum outcome result_write(struct buf *out, const struct post_result *result, struct err *e)
{
    struct json_out json = json_out(out);
    TRY(record_to_json(&post_result_record, result, &json, NULL, e));
    return buf_check(out, e);
}

static enum outcome request_read(struct post_request *out, struct bytes in, struct arena *arena,
                                 struct err *e)
{
    const struct json *json;
    struct str text = { (const char *)in.p, in.n };
    if (json_read(&json, arena, text, &json_limits_default, e) != OK ||
        record_from_json(&post_request_record, out, arena, json, e) != OK)
        return err_fault(e, "worker.failed", "not a request: %s", e->code);
    return OK;
}

enum outcome post_run(struct bytes in, struct buf *out, struct arena *arena, struct err *e)
{
    struct post_request request;
    struct post_result result;
    TRY(request_read(&request, in, arena, e));
    struct sending s = { .request = &request, .curl = curl_easy_init(), .arena = arena };
    if (!s.curl)
        return err_fault(e, "worker.failed", "libcurl gives no handle");
    bool good = set_common(&s);
    good = good && (str_is(request.protocol, "mail") ? set_mail(&s) : set_webhook(&s));
    if (good)
        ended(&result, &s, curl_easy_perform(s.curl));
    curl_slist_free_all(s.list);
    curl_easy_cleanup(s.curl);
    if (!good)
        return err_fault(e, "worker.failed", "libcurl does not know an option");
    return result_write(out, &result, e);
}
