/* vein witness: cosigns checkpoints of other nodes, as a process of its own on a machine of its own
 * (docs/witness.md). It knows nothing of this program's database and needs none. */
#include <sodium.h>
#include <string.h>

#include "app/cli.h"
#include "app/params.h"
#include "app/serve.h"
#include "app/witness_book.h"
#include "base/log.h"
#include "kernel/http.h"
#include "kernel/tls_make.h"

enum {
    LIST_MAX = WITNESS_LOGS_MAX * (HASH_HEX + 44 + VERIFY_NAME_MAX + 8),
    NOTE_ROOM = 2 * VERIFY_SUBMISSION_MAX,
    THREADS = 2,
    CONNECTIONS = 256,
    PER_ADDRESS = 64,
    TIMEOUT_S = 10,
    PATH_BYTES = 1100,
};

/* -- What it answers ----------------------------------------------------------------------------
 */

static enum http_state fault(struct http_request *r, const struct err *e)
{
    log_err(&env_system, "witness.fault", e);
    r->answer = (struct http_answer){
        .status = 500,
        .media_type = "text/plain; charset=utf-8",
        .body = S("the witness cannot keep what it would cosign; it cosigned nothing\n"),
    };
    return HTTP_DONE;
}

static enum http_state post_checkpoint(struct http_request *r)
{
    struct witness_answer answer;
    struct err e = { 0 };
    if (witness_submit(&answer, r->context, r->body, r->arena, &e) != OK)
        return fault(r, &e);
    r->answer = (struct http_answer){ .status = answer.status,
                                      .media_type = answer.media_type,
                                      .body = answer.body,
                                      .no_etag = true };
    return HTTP_DONE;
}

static enum http_state text(struct http_request *r, int status, struct str body)
{
    r->answer = (struct http_answer){
        .status = status, .media_type = "text/plain; charset=utf-8", .body = body, .no_etag = true
    };
    return HTTP_DONE;
}

static enum http_state get_list(struct http_request *r)
{
    struct buf b = buf_in(r->arena, LIST_MAX + VERIFY_VKEY_MAX);
    struct err e = { 0 };
    buf_printf(&b, "%s\n", witness_vkey(r->context));
    witness_list(&b, r->context);
    return buf_check(&b, &e) == OK ? text(r, 200, buf_get(&b)) : fault(r, &e);
}

static enum http_state get_last(struct http_request *r)
{
    struct buf b = buf_in(r->arena, NOTE_ROOM);
    struct err e = { 0 };
    if (!witness_last(&b, r->context, http_param(r, "log")))
        return text(r, 404, S("this witness has cosigned nothing of such a log\n"));
    return buf_check(&b, &e) == OK ? text(r, 200, buf_get(&b)) : fault(r, &e);
}

/* Everyone may ask: what is told is public, and what is asked is judged by its signature. */
static enum outcome admit(struct http_request *r, struct err *e)
{
    (void)r;
    (void)e;
    return OK;
}

static const struct route routes[] = {
    ROUTE("POST", "/add-checkpoint", "public", VERIFY_SUBMISSION_MAX, post_checkpoint,
          "help.witness_add"),
    ROUTE("GET", "/", "public", 0, get_list, "help.witness_list", .media_type = "text/plain"),
    ROUTE("GET", "/log/{log}", "public", 0, get_last, "help.witness_last",
          .media_type = "text/plain"),
};

/* -- Serving ------------------------------------------------------------------------------------
 */

struct place {
    const char *listen, *certificate, *key;
    char own_certificate[PATH_BYTES], own_key[PATH_BYTES];
};

/* For any address but loopback a certificate: the one given, or one of our own in the folder. */
static enum outcome choose_tls(struct place *p, const char *folder, struct err *e)
{
    char host[PARAM_VALUE_MAX];
    if (p->certificate || serve_loopback(p->listen))
        return OK;
    snprintf(p->own_certificate, sizeof p->own_certificate, "%s/tls.crt", folder);
    snprintf(p->own_key, sizeof p->own_key, "%s/tls.key", folder);
    p->certificate = p->own_certificate;
    p->key = p->own_key;
    serve_host(host, sizeof host, p->listen);
    return tls_make(p->certificate, p->key, host, &env_system, e);
}

static enum outcome start(struct http_server **out, struct witness_book *b, struct place *p,
                          const char *folder, struct err *e)
{
    static const struct route *const tables[] = { routes };
    static const size_t lengths[] = { sizeof routes / sizeof routes[0] };
    TRY(choose_tls(p, folder, e));
    const struct http_options options = {
        .env = &env_system,
        .listen = p->listen,
        .tls_certificate = p->certificate,
        .tls_key = p->key,
        .routes = tables,
        .nroutes = lengths,
        .ntables = 1,
        .threads = THREADS,
        .connections = CONNECTIONS,
        .connections_per_address = PER_ADDRESS,
        .timeout_s = TIMEOUT_S,
        .context = b,
        .admit = admit,
    };
    return http_start(out, &options, e);
}

static int serve(struct witness_book *b, struct place *p, const char *folder)
{
    struct http_server *server = NULL;
    struct err e = { 0 };
    if (start(&server, b, p, folder, &e) != OK)
        return cli_error(&e);
    struct str address = http_address(server);
    printf("%s://%.*s\n", p->certificate ? "https" : "http", STR(address));
    fflush(stdout);
    cli_serve_until_signal();
    http_stop(server);
    return CLI_DONE;
}

static int list(struct witness_book *b)
{
    struct buf text = buf_new(LIST_MAX);
    struct err e = { 0 };
    witness_list(&text, b);
    const enum outcome o = buf_check(&text, &e);
    printf("%s\n%.*s", witness_vkey(b), STR(buf_get(&text)));
    buf_free(&text);
    return o == OK ? CLI_DONE : cli_error(&e);
}

static int with_book(const char *folder, const char *what, const char *vkey, struct place *p)
{
    struct witness_book *b = NULL;
    struct err e = { 0 };
    int code;
    if (strcmp(what, "serve") == 0)
        cli_serve_signals();
    if (witness_open(&b, folder, &env_system, &e) != OK)
        return cli_error(&e);
    if (strcmp(what, "serve") == 0)
        code = serve(b, p, folder);
    else if (strcmp(what, "list") == 0)
        code = list(b);
    else
        code = witness_add(b, vkey, &e) == OK ? CLI_DONE : cli_error(&e);
    witness_close(b);
    return code;
}

static int make(const char *folder, const char *name)
{
    struct witness_book *b = NULL;
    struct err e = { 0 };
    if (witness_make(folder, str_z(name), &env_system, &e) != OK ||
        witness_open(&b, folder, &env_system, &e) != OK)
        return cli_error(&e);
    printf("%s\n", witness_vkey(b));
    witness_close(b);
    return CLI_DONE;
}

int cli_witness(int argc, char **argv)
{
    const char *folder = NULL, *name = NULL;
    struct place p = { .listen = "127.0.0.1:8444" };
    const char *words[2] = { NULL, NULL };
    const struct cli_option options[] = {
        { "dir", CLI_TEXT, &folder, true },
        { "name", CLI_TEXT, &name, false },
        { "listen", CLI_TEXT, &p.listen, false },
        { "tls-certificate", CLI_TEXT, &p.certificate, false },
        { "tls-key", CLI_TEXT, &p.key, false },
    };
    int code;
    if (!cli_read(argc, argv, options, sizeof options / sizeof options[0], words, 2, &code))
        return code;
    const struct str what = words[0] ? str_z(words[0]) : S("");
    if (sodium_init() < 0)
        return CLI_FAULT;
    if (str_is(what, "init") && name && !words[1])
        return make(folder, name);
    if ((str_is(what, "add") && words[1]) ||
        ((str_is(what, "serve") || str_is(what, "list")) && !words[1] && !p.certificate == !p.key))
        return with_book(folder, words[0], words[1], &p);
    return cli_usage("witness", "say init with --name, add with a log's key, serve or list");
}
