/* From a message to a try: whom it goes to, what is said, how it is signed. */
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <sodium.h>

#include "kernel/outbox_impl.h"

enum { SECRET_MAX = 256 };

static int64_t or_else(int64_t value, int64_t otherwise)
{
    return value == INT_NONE ? otherwise : value;
}

enum outcome outbox_route(struct outbox_route *out, struct db *db, struct str partner, int64_t now,
                          struct arena *arena, bool *found, struct err *e)
{
    struct definition definition;
    *out = (struct outbox_route){
        .mail = str_is(partner, "mail"),
        .tries_max = OUTBOX_TRIES_MAX,
        .first_wait_us = OUTBOX_RETRY_US,
        .last_wait_us = OUTBOX_RETRY_MAX_US,
        .timeout_us = OUTBOX_TIMEOUT_US,
        .at_once = OUTBOX_AT_ONCE,
    };
    *found = out->mail;
    if (out->mail)
        return OK;
    TRY(define_find(&definition, db, S("partner"), partner, 0, now, arena, found, e));
    if (!*found)
        return OK;
    const struct partner *p = definition.body;
    out->endpoint = p->endpoint;
    out->secret = p->secret;
    out->tries_max = or_else(p->tries, OUTBOX_TRIES_MAX);
    out->first_wait_us = or_else(p->first_wait_s, OUTBOX_RETRY_US / TIME_SECOND) * TIME_SECOND;
    out->last_wait_us = or_else(p->last_wait_s, OUTBOX_RETRY_MAX_US / TIME_SECOND) * TIME_SECOND;
    out->timeout_us = or_else(p->timeout_s, OUTBOX_TIMEOUT_US / TIME_SECOND) * TIME_SECOND;
    out->at_once = or_else(p->at_once, OUTBOX_AT_ONCE);
    return OK;
}

/* The key of Standard Webhooks: base64 behind "whsec_"; anything else is taken as it stands. */
static size_t secret_key(unsigned char key[SECRET_MAX], struct str secret)
{
    size_t n = 0;
    if (str_starts(secret, S("whsec_"))) {
        struct str text = str_from(secret, sizeof "whsec_" - 1);
        if (sodium_base642bin(key, SECRET_MAX, text.p, text.n, NULL, &n, NULL,
                              sodium_base64_VARIANT_ORIGINAL) == 0)
            return n;
    }
    n = secret.n < SECRET_MAX ? secret.n : SECRET_MAX;
    memcpy(key, secret.p, n);
    return n;
}

struct str webhook_signature(struct str secret, struct str id, int64_t seconds, struct str body,
                             struct arena *arena)
{
    unsigned char key[SECRET_MAX];
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    struct str signed_text =
        arena_printf(arena, "%.*s.%lld.%.*s", STR(id), (long long)seconds, STR(body));
    if (!signed_text.p)
        return (struct str){ 0 };
    const size_t nkey = secret_key(key, secret);
    const bool done = HMAC(EVP_sha256(), key, (int)nkey, (const unsigned char *)signed_text.p,
                           signed_text.n, mac, &n) != NULL;
    sodium_memzero(key, sizeof key);
    BUG_ON(!done);
    struct buf b = buf_in(arena, 100);
    buf_z(&b, "v1,");
    buf_base64(&b, mac, n);
    return buf_get(&b);
}

static void header(struct outbox_request *r, const char *name, struct str value)
{
    BUG_ON(r->nheaders == OUTBOX_HEADERS_MAX);
    r->headers[r->nheaders++] = (struct record_pair){ str_z(name), value };
}

static struct str webhook_body(const struct outbox_compose *c)
{
    char at[CLOCK_TEXT_LENGTH + 1];
    struct buf when = buf_over(at, sizeof at);
    clock_write(&when, c->message->queued);
    struct buf b = buf_in(c->arena, OUTBOX_REQUEST_MAX);
    struct json_out out = json_out(&b);
    json_begin_object(&out);
    json_key(&out, "type");
    json_str(&out, c->message->kind);
    json_key(&out, "timestamp");
    json_str(&out, buf_get(&when));
    json_key(&out, "data");
    json_raw(&out, c->message->body);
    json_end(&out);
    return buf_ok(&b) ? buf_get(&b) : (struct str){ 0 };
}

static enum outcome compose_webhook(struct outbox_request *out, const struct outbox_compose *c,
                                    struct err *e)
{
    const int64_t seconds = c->now_us / TIME_SECOND;
    struct str secret = { 0 };
    if (c->route->secret.p && c->setup->secret)
        secret = c->setup->secret(c->setup->secrets, c->route->secret);
    if (c->route->secret.p && !secret.p)
        return REFUSE(e, "outbox.no_secret", { "secret", c->route->secret });
    out->protocol = OUTBOX_WEBHOOK;
    out->url = c->route->endpoint;
    out->body = webhook_body(c);
    if (!out->body.p)
        return err_no_memory(e);
    header(out, "Content-Type", S("application/json"));
    header(out, "webhook-id", c->message->message);
    header(out, "webhook-timestamp", arena_printf(c->arena, "%lld", (long long)seconds));
    if (secret.p)
        header(out, "webhook-signature",
               webhook_signature(secret, c->message->message, seconds, out->body, c->arena));
    return OK;
}

static enum outcome compose_mail(struct outbox_request *out, const struct outbox_compose *c,
                                 struct err *e)
{
    const struct outbox_setup *s = c->setup;
    if (s->smtp_url.n == 0 || s->smtp_from.n == 0)
        return REFUSE(e, "outbox.no_mail");
    out->protocol = OUTBOX_MAIL;
    out->url = s->smtp_url;
    out->from = s->smtp_from;
    out->starttls = !s->smtp_plain && !str_starts(s->smtp_url, S("smtps://"));
    if (s->smtp_user.n > 0) {
        out->user = s->smtp_user;
        out->password = s->secret ? s->secret(s->secrets, S("smtp")) : (struct str){ 0 };
        if (!out->password.p)
            return REFUSE(e, "outbox.no_secret", { "secret", S("smtp") });
    }
    return notify_mail(out, c, e);
}

enum outcome outbox_compose(struct outbox_request *out, const struct outbox_compose *c,
                            struct err *e)
{
    *out = (struct outbox_request){
        .allowed = c->setup->allowed,
        .timeout_us = c->route->timeout_us,
    };
    return c->route->mail ? compose_mail(out, c, e) : compose_webhook(out, c, e);
}
