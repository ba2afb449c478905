/* The steps: where people sign in, and what a code that they came back with is good for. */
#include "worker/openid.h"

enum { URL_MAX = 1000, FORM_MAX = 32 << 10, OK_STATUS = 200 };

struct provider {
    struct str authorize;
    struct str token;
    struct str keys;
    bool by_form; /* the secret goes into the form: the provider takes no HTTP Basic */
};

static enum outcome unlike(struct err *e, const char *what)
{
    return REFUSE(e, "openid.unreachable", { "what", str_z(what) });
}

static enum outcome object_read(const struct json **out, struct str text, const char *what,
                                struct arena *arena, struct err *e)
{
    struct err wrong = { 0 };
    const enum outcome o = json_read(out, arena, text, &json_limits_default, &wrong);
    if (o == FAULT)
        *e = wrong;
    if (o == REFUSED || (o == OK && (*out)->type != JSON_OBJECT))
        return unlike(e, what);
    return o;
}

static bool has(const struct json *array, struct str word)
{
    for (const struct json *i = array ? array->child : NULL; i; i = i->next)
        if (i->type == JSON_STRING && str_eq(i->text, word))
            return true;
    return false;
}

/* An address of the issuer's scheme, with nothing that ends a line or a header. */
static bool address_good(const struct openid_job *job, struct str url)
{
    const bool tls = str_starts(job->issuer, S("https://"));
    bool good =
        url.n > 0 && url.n <= URL_MAX && str_starts(url, tls ? S("https://") : S("http://"));
    for (size_t i = 0; good && i < url.n; i++)
        good = url.p[i] > ' ' && url.p[i] < 0x7f && url.p[i] != '"' && url.p[i] != '#';
    return good;
}

/* OpenID Connect Discovery 1.0: the answer has to be of this very issuer. */
static enum outcome discover(struct provider *out, const struct openid_job *job,
                             struct arena *arena, struct err *e)
{
    struct str base = job->issuer, text;
    const struct json *object;
    int64_t status;
    while (base.n > 0 && base.p[base.n - 1] == '/')
        base.n--;
    const struct openid_fetch fetch = {
        .url = arena_printf(arena, "%.*s/.well-known/openid-configuration", STR(base)),
    };
    TRY(openid_fetch(&text, &status, job, &fetch, arena, e));
    if (status != OK_STATUS)
        return unlike(e, "its configuration is not there");
    TRY(object_read(&object, text, "its configuration is no JSON", arena, e));
    if (!str_eq(json_get_str(object, "issuer"), job->issuer))
        return unlike(e, "its configuration is of another issuer");
    const struct json *methods = json_get(object, "token_endpoint_auth_methods_supported");
    *out = (struct provider){
        .authorize = json_get_str(object, "authorization_endpoint"),
        .token = json_get_str(object, "token_endpoint"),
        .keys = json_get_str(object, "jwks_uri"),
        .by_form = methods && !has(methods, S("client_secret_basic")),
    };
    if (!address_good(job, out->authorize) || !address_good(job, out->token) ||
        !address_good(job, out->keys))
        return unlike(e, "its configuration names no addresses");
    return OK;
}

static void put_field(struct buf *b, const char *name, struct str value)
{
    buf_z(b, b->n > 0 ? "&" : "");
    buf_z(b, name);
    buf_char(b, '=');
    openid_escape(b, value);
}

/* RFC 6749, 2.3.1: name and secret are escaped as a form's before HTTP Basic. */
static struct str escaped(struct str text, struct arena *arena)
{
    struct buf b = buf_in(arena, 3 * text.n + 1);
    openid_escape(&b, text);
    return buf_get(&b);
}

static enum outcome redeem(struct str *token, struct str *access, const struct provider *provider,
                           const struct openid_job *job, struct arena *arena, struct err *e)
{
    struct buf form = buf_in(arena, FORM_MAX);
    struct str text;
    const struct json *object;
    int64_t status;
    const bool basic = job->secret.n > 0 && !provider->by_form;
    put_field(&form, "grant_type", S("authorization_code"));
    put_field(&form, "code", job->code);
    put_field(&form, "redirect_uri", job->back);
    put_field(&form, "code_verifier", job->verifier);
    if (!basic)
        put_field(&form, "client_id", job->client);
    if (!basic && job->secret.n > 0)
        put_field(&form, "client_secret", job->secret);
    TRY(buf_check(&form, e));
    struct openid_fetch fetch = { .url = provider->token, .form = buf_get(&form) };
    if (basic) {
        fetch.user = escaped(job->client, arena);
        fetch.password = escaped(job->secret, arena);
    }
    TRY(openid_fetch(&text, &status, job, &fetch, arena, e));
    if (status >= 500)
        return unlike(e, "it does not answer for codes");
    if (status != OK_STATUS)
        return REFUSE(e, "openid.code", { "what", S("it does not take it") });
    TRY(object_read(&object, text, "its answer is no JSON", arena, e));
    *token = json_get_str(object, "id_token");
    *access = json_get_str(object, "access_token");
    return token->n > 0 ? OK : REFUSE(e, "openid.token", { "what", S("it gives none") });
}

/* The keys are asked for each time: that a key was changed is then nothing to find out about. */
static enum outcome exchange(struct openid_result *out, const struct provider *provider,
                             const struct openid_job *job, struct arena *arena, struct err *e)
{
    struct str token, access, keys;
    int64_t status;
    TRY(redeem(&token, &access, provider, job, arena, e));
    TRY(openid_fetch(&keys, &status, job, &(struct openid_fetch){ .url = provider->keys }, arena,
                     e));
    if (status != OK_STATUS)
        return unlike(e, "its keys are not there");
    return openid_token_check(out, job, token, keys, access, arena, e);
}

enum outcome openid_run(struct bytes in, struct buf *out, struct arena *arena, struct err *e)
{
    const struct json *json;
    struct openid_job job;
    struct openid_result result = { 0 };
    struct provider provider = { 0 };
    const struct str text = { (const char *)in.p, in.n };
    if (json_read(&json, arena, text, &json_limits_default, e) != OK ||
        record_from_json(&openid_job_record, &job, arena, json, e) != OK)
        return err_fault(e, "worker.failed", "not a job: %s", e->code);
    TRY(discover(&provider, &job, arena, e));
    result.authorize = provider.authorize;
    if (str_is(job.step, "exchange"))
        TRY(exchange(&result, &provider, &job, arena, e));
    struct json_out written = json_out(out);
    TRY(record_to_json(&openid_result_record, &result, &written, NULL, e));
    return buf_check(out, e);
}
