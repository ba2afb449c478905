/* What the handlers of a serving program share: http_request.context. */
#ifndef VEIN_KERNEL_APP_H
#define VEIN_KERNEL_APP_H

#include "kernel/auth.h"
#include "kernel/look.h"
#include "kernel/scrub.h"
#include "kernel/sign.h"
#include "kernel/worker.h"

/* Who is given the events themselves below /tlog/tile/entries/: they name people, places and
 * findings of every organisation of the node. Hashes, proofs and checkpoints tell nothing and are
 * for everyone. */
enum app_entries {
    APP_ENTRIES_NONE,
    APP_ENTRIES_ALL,
    /* A request from this machine, to a name of this machine, that says of no proxy. A proxy that
     * says nothing of itself looks like this, too: only for machines where nothing passes requests
     * on. */
    APP_ENTRIES_LOCAL,
};

struct app {
    struct node *node;
    struct auth *auth;
    struct http_server *server;
    struct scrub *scrub;     /* NULL: none runs */
    struct workers *workers; /* NULL: none, as in some tests */
    struct openid *openid;   /* the organisation's identity provider; NULL: none */
    struct limit *limit;     /* requests of an account; NULL: none */
    enum app_entries entries;
};

static inline struct app *app_of(const struct http_request *r)
{
    return r->context;
}

/* A page for this request: language, person, site, token, time. The buffer is in its arena. */
struct page app_page(struct http_request *r);
/* The same for what is taken away, as a file or on paper: its times are in UTC. */
struct page app_page_away(struct http_request *r);
/* Puts what was written into the layout (pages/layout.html), unless a fragment was asked for, and
 * into the answer. */
enum http_state app_page_done(struct http_request *r, struct page *p, const char *title_key);

/* Answers with an error as a page or problem details (RFC 9457), by what the client accepts. A page
 * that needs a session redirects to the sign-in. */
enum http_state app_problem(struct http_request *r, const struct err *e);
struct app_problem_view { /* what pages/problem.html shows */
    struct str title_key;
    struct str text;
    struct str hint;
    struct str code;
    struct str back; /* where its form would have led; absent: it came from none */
    bool sign_in;    /* show the way there */
};
/* Seconds for Retry-After: the refusal's {seconds}; 0: it says none. */
int64_t app_retry_after(const struct err *e);

/* For http_options: the slots of these names, with the app as context. */
enum outcome app_admit(struct http_request *r, struct err *e);
enum outcome app_check(struct http_request *r, struct err *e);
void app_http_problem(struct http_request *r, int status, const struct err *e);

/* A path of this server to go on at, from a form or query: "/" for anything else. */
struct str app_next(struct str path);

/* Sends a command for this request's actor and waits for the gate without holding a thread; then
 * `done` fills the answer. The command's id is the form's "_id" field or the Idempotency-Key header
 * (a page puts a fresh one into each form); reason "_reason", happened "_happened" (RFC 3339), of
 * the form or as members of the JSON object. If-Match names streams at the version that was seen,
 * "order/<id>@7": where one has changed since, the answer is 412; a form's "_seen" names one,
 * without quotes, and the form comes back. A signed command (sign.h) takes what was shown
 * ("_shown") and the proof, "_login", "_password" and "_code" or "_assertion", "_time" and "_mark",
 * in the same way. Body: the form's other
 * fields or the JSON's other members, read by the command's record. Without `done` a form's answer
 * is a redirect to `next` (303) and JSON the answer itself. */
struct app_command {
    struct str name;
    struct str id;    /* absent: as the request says */
    const void *body; /* struct of the command's record; NULL: read from the request */
    struct str next;  /* absent: the form's "_next", or "/" */
    enum http_state (*done)(struct http_request *r, const struct gate_answer *answer);
    /* Shows a person the form again, with what was refused and what was entered; the answer's
     * status is set. NULL: the problem's page. */
    enum http_state (*refused)(struct http_request *r, const struct err *e);
    bool asks; /* what it would sign (sign.h); `done` gets that answer */
};
enum http_state app_command(struct http_request *r, const struct app_command *c);

/* Answers with the document as PDF, made by a worker (print.h) while the request waits without a
 * thread; refusals and faults of print_submit and the worker as problems. `name` is static, of
 * letters and "-": of the file, without ".pdf". The document may be in the request's arena. */
struct print_document;
enum http_state app_print(struct http_request *r, const struct print_document *d, const char *name);

/* For who has waited in line: the session as it is now, with the rights of now. REFUSED
 * "auth.sign_in", "auth.locked" where it was ended or locked meanwhile. */
enum outcome app_still(struct http_request *r, struct err *e);

/* A signed command with its proof: checks that, and gives the command its signature. Takes its time
 * (sign_prove). */
enum outcome app_sign(struct http_request *r, struct gate_command *c, struct sign_proof *proof,
                      struct err *e);

/* The generic way in for every command: POST /commands/{name} with a JSON body or form. A row of
 * auth_module's routes. */
enum http_state app_command_route(struct http_request *r);

#endif
