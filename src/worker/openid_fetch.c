/* One request to the provider, by libcurl. */
#include <curl/curl.h>

#include "worker/openid.h"

enum { ANSWER_MAX = 128 << 10 };

struct fetching {
    CURL *curl;
    struct curl_slist *list;
    struct buf answer;
};

enum outcome openid_prepare(struct err *e)
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return err_fault(e, "worker.failed", "libcurl does not start");
    return OK;
}

void openid_escape(struct buf *b, struct str text)
{
    static const char digits[] = "0123456789ABCDEF";
    for (size_t i = 0; i < text.n; i++) {
        const unsigned char c = (unsigned char)text.p[i];
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            buf_char(b, (char)c);
        } else {
            buf_char(b, '%');
            buf_char(b, digits[c >> 4]);
            buf_char(b, digits[c & 15]);
        }
    }
}

static size_t take_answer(char *bytes, size_t size, size_t n, void *context)
{
    struct fetching *f = context;
    buf_put(&f->answer, bytes, size * n);
    return buf_ok(&f->answer) ? size * n : 0;
}

#define SET(f, option, value) (curl_easy_setopt((f)->curl, (option), (value)) == CURLE_OK)

static bool set_all(struct fetching *f, const struct openid_job *job,
                    const struct openid_fetch *fetch, struct arena *arena)
{
    const bool tls = str_starts(job->issuer, S("https://"));
    f->list = curl_slist_append(f->list, "Accept: application/json");
    bool good = f->list && SET(f, CURLOPT_URL, arena_str(arena, fetch->url).p) &&
                SET(f, CURLOPT_NOSIGNAL, 1L) && SET(f, CURLOPT_PROXY, "") &&
                SET(f, CURLOPT_PROTOCOLS_STR, tls ? "https" : "http") &&
                SET(f, CURLOPT_FOLLOWLOCATION, 0L) &&
                SET(f, CURLOPT_TIMEOUT_MS, (long)job->timeout_ms) &&
                SET(f, CURLOPT_WRITEFUNCTION, take_answer) && SET(f, CURLOPT_WRITEDATA, f) &&
                SET(f, CURLOPT_SSL_VERIFYPEER, 1L) && SET(f, CURLOPT_SSL_VERIFYHOST, 2L) &&
                SET(f, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) &&
                SET(f, CURLOPT_USERAGENT, "vein") && SET(f, CURLOPT_HTTPHEADER, f->list);
    if (fetch->form.p)
        good = good && SET(f, CURLOPT_POST, 1L) &&
               SET(f, CURLOPT_POSTFIELDSIZE, (long)fetch->form.n) &&
               SET(f, CURLOPT_POSTFIELDS, fetch->form.p);
    if (fetch->user.p)
        good = good && SET(f, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) &&
               SET(f, CURLOPT_USERNAME, arena_str(arena, fetch->user).p) &&
               SET(f, CURLOPT_PASSWORD, arena_str(arena, fetch->password).p);
    if (job->trusted.n > 0) {
        struct curl_blob blob = { (void *)(uintptr_t)job->trusted.p, job->trusted.n,
                                  CURL_BLOB_COPY };
        good = good && SET(f, CURLOPT_CAINFO_BLOB, &blob);
    }
    return good;
}

enum outcome openid_fetch(struct str *out, int64_t *status, const struct openid_job *job,
                          const struct openid_fetch *fetch, struct arena *arena, struct err *e)
{
    struct fetching f = { .curl = curl_easy_init(), .answer = buf_in(arena, ANSWER_MAX) };
    long code = 0;
    CURLcode did = CURLE_FAILED_INIT;
    const bool good = f.curl && set_all(&f, job, fetch, arena);
    if (good)
        did = curl_easy_perform(f.curl);
    if (did == CURLE_OK && curl_easy_getinfo(f.curl, CURLINFO_RESPONSE_CODE, &code) != CURLE_OK)
        did = CURLE_RECV_ERROR;
    curl_slist_free_all(f.list);
    curl_easy_cleanup(f.curl);
    if (!good)
        return err_fault(e, "worker.failed", "libcurl does not know an option");
    if (did != CURLE_OK)
        return REFUSE(e, "openid.unreachable", { "what", str_z(curl_easy_strerror(did)) });
    *out = buf_get(&f.answer);
    *status = code;
    return OK;
}
