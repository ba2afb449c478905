/* Commands of handlers, which wait for the gate without holding a thread. */
#include "kernel/app.h"

#include "kernel/auth_pages.h"
#include "kernel/node.h"

enum { APP_EXPECTS_MAX = 16 };

/* Between the handler and the gate's answer; in the request's arena. */
struct app_pending {
    struct http_request *request;
    struct gate_command command;
    struct sign_proof proof; /* with `shown`: to be proved before the gate has the command */
    struct gate_answer answer;
    struct str next;
    enum http_state (*done)(struct http_request *r, const struct gate_answer *answer);
    enum http_state (*refused)(struct http_request *r, const struct err *e);
};

/* What a request says about a command beside its body. */
struct app_meta {
    struct str id;
    struct str reason;
    struct str happened;
    struct str next;
    struct str seen;
    struct sign_proof proof;
};

static void meta_set(struct app_meta *meta, struct str name, struct str value)
{
    if (str_is(name, "_id"))
        meta->id = value;
    else if (str_is(name, "_reason"))
        meta->reason = value;
    else if (str_is(name, "_happened") && value.n > 0)
        meta->happened = value;
    else if (str_is(name, "_next"))
        meta->next = value;
    else if (str_is(name, "_seen"))
        meta->seen = value;
    else if (str_is(name, "_shown"))
        meta->proof.shown = value;
    else if (str_is(name, "_login"))
        meta->proof.login = value;
    else if (str_is(name, "_password"))
        meta->proof.password = value;
    else if (str_is(name, "_code"))
        meta->proof.code = str_trim(value);
    else if (str_is(name, "_assertion"))
        meta->proof.assertion = value;
    else if (str_is(name, "_time"))
        meta->proof.time = value;
    else if (str_is(name, "_mark"))
        meta->proof.mark = value;
}

static enum outcome body_of_struct(struct str *out, const struct record *record, const void *body,
                                   struct arena *arena, struct err *e)
{
    struct buf b = buf_in(arena, GATE_BODY_MAX);
    struct json_out json = json_out(&b);
    TRY(record_to_json(record, body, &json, NULL, e));
    TRY(buf_check(&b, e));
    *out = buf_get(&b);
    return OK;
}

/* Without a record only what stands beside the body. */
static enum outcome body_of_form(struct http_request *r, struct str *out, struct app_meta *meta,
                                 const struct record *record, struct err *e)
{
    for (size_t i = 0; i < r->nform; i++)
        meta_set(meta, r->form[i].name, r->form[i].value);
    if (!record)
        return OK;
    void *body = arena_alloc(r->arena, record->size);
    if (!body)
        return err_no_memory(e);
    TRY(record_from_pairs(record, body, r->arena, r->form, r->nform, e));
    return body_of_struct(out, record, body, r->arena, e);
}

/* The object without its members that begin with "_". */
static enum outcome body_of_json(struct http_request *r, struct str *out, struct app_meta *meta,
                                 struct err *e)
{
    const struct json *object;
    struct json_limits limits = json_limits_default;
    limits.bytes = GATE_BODY_MAX;
    TRY(json_read(&object, r->arena, r->body, &limits, e));
    struct buf b = buf_in(r->arena, 2 * GATE_BODY_MAX);
    struct json_out json = json_out(&b);
    json_begin_object(&json);
    for (const struct json *m = object->child; m; m = m->next) {
        if (str_starts(m->key, S("_"))) {
            meta_set(meta, m->key, m->type == JSON_STRING ? m->text : (struct str){ 0 });
            continue;
        }
        json_key_str(&json, m->key);
        json_raw(&json, m->raw);
    }
    json_end(&json);
    TRY(buf_check(&b, e));
    *out = object->type == JSON_OBJECT ? buf_get(&b) : r->body; /* which the gate refuses */
    return OK;
}

/* One of what the sender saw: unit/<id>@2. */
static enum outcome expect_read(struct gate_command *command, struct gate_expect *expects,
                                struct str version, struct err *e)
{
    if (command->nexpects == APP_EXPECTS_MAX)
        return REFUSE(e, "http.malformed_if_match");
    struct gate_expect *expect = &expects[command->nexpects++];
    expect->stream = str_cut(&version, '@');
    if (expect->stream.n == 0 || expect->stream.n > STREAM_MAX ||
        !str_to_u63(&expect->version, version))
        return REFUSE(e, "http.malformed_if_match");
    return OK;
}

/* If-Match: "order/<id>@7", "unit/<id>@2"; and a form's _seen, which has one. */
static enum outcome expects_read(struct http_request *r, struct gate_command *command,
                                 struct str seen, struct err *e)
{
    struct str rest = http_header(r, "If-Match");
    struct gate_expect *expects = ARENA_ARRAY(r->arena, APP_EXPECTS_MAX, struct gate_expect);
    if (!expects)
        return err_no_memory(e);
    while (rest.p) {
        struct str tag = str_trim(str_cut(&rest, ','));
        if (tag.n < 2 || tag.p[0] != '"' || tag.p[tag.n - 1] != '"')
            return REFUSE(e, "http.malformed_if_match");
        TRY(expect_read(command, expects, (struct str){ tag.p + 1, tag.n - 2 }, e));
    }
    if (seen.n > 0)
        TRY(expect_read(command, expects, seen, e));
    command->expects = expects;
    return OK;
}

static enum outcome command_read(struct http_request *r, const struct app_command *c,
                                 struct app_pending *p, struct err *e)
{
    struct app_meta meta = { .id = http_header(r, "Idempotency-Key") };
    const struct command_type *type = registry_command(app_of(r)->node->registry, c->name);
    if (!type)
        return REFUSE(e, "gate.unknown_command", { "command", c->name });
    if (str_is(r->media_type, "application/json"))
        TRY(body_of_json(r, &p->command.body, &meta, e));
    else
        TRY(body_of_form(r, &p->command.body, &meta, c->body ? NULL : type->body, e));
    if (c->body)
        TRY(body_of_struct(&p->command.body, type->body, c->body, r->arena, e));
    p->command.id = c->id.p ? c->id : meta.id;
    p->command.reason = meta.reason;
    p->command.happened = TIME_NONE;
    p->command.entered = TIME_NONE;
    if (meta.happened.p && !clock_read(&p->command.happened, meta.happened))
        return REFUSE(e, "record.malformed", { "field", S("_happened") },
                      { "expected", S("time") });
    TRY(expects_read(r, &p->command, meta.seen, e));
    p->next = c->next.p ? c->next : app_next(meta.next);
    p->command.asks = c->asks;
    if ((type->flags & COMMAND_SIGNED) && !c->asks)
        p->proof = meta.proof;
    return OK;
}

/* The form again where its page knows how; programs and faults get the problem. */
static enum http_state command_refused(struct http_request *r,
                                       enum http_state (*refused)(struct http_request *r,
                                                                  const struct err *e),
                                       const struct err *e)
{
    if (http_header(r, "If-Match").p && str_is(str_z(e->code), "ledger.changed")) {
        app_http_problem(r, 412, e);
        return HTTP_DONE;
    }
    if (!refused || e->outcome != REFUSED || http_wants_json(r))
        return app_problem(r, e);
    r->answer = (struct http_answer){ .status = http_status(e) };
    return refused(r, e);
}

static enum http_state command_answer(struct http_request *r)
{
    struct app_pending *p = r->pending;
    if (p->answer.error.outcome != OK)
        return command_refused(r, p->refused, &p->answer.error);
    if (p->done)
        return p->done(r, &p->answer);
    if (http_wants_json(r)) {
        r->answer.status = 200;
        r->answer.media_type = "application/json";
        r->answer.body = p->answer.body;
    } else {
        r->answer.status = 303;
        r->answer.location = p->next;
    }
    return HTTP_DONE;
}

/* On the writer's thread: keep the answer, wake the request, touch it no more. */
static void command_answered(void *context, const struct gate_answer *answer)
{
    struct app_pending *p = context;
    p->answer = *answer;
    http_resume(p->request);
}

static enum http_state submit(struct http_request *r)
{
    struct err e = { 0 };
    struct app_pending *p = r->pending;
    r->resumed = command_answer;
    if (gate_submit(app_of(r)->node->gate, &p->command, command_answered, p, &e) != OK)
        return command_refused(r, p->refused, &e);
    return HTTP_WAIT;
}

/* On a thread for what takes long. */
static enum http_state sign_and_submit(struct http_request *r)
{
    struct err e = { 0 };
    struct app_pending *p = r->pending;
    if (app_sign(r, &p->command, &p->proof, &e) != OK)
        return command_refused(r, p->refused, &e);
    return submit(r);
}

enum http_state app_command(struct http_request *r, const struct app_command *c)
{
    struct err e = { 0 };
    const struct auth_session *session = auth_of(r);
    struct app_pending *p = ARENA_NEW(r->arena, struct app_pending);
    if (!p) {
        (void)!err_no_memory(&e);
        return app_problem(r, &e);
    }
    if (!session) {
        (void)!REFUSE(&e, "auth.sign_in");
        return app_problem(r, &e);
    }
    p->request = r;
    p->done = c->done;
    p->refused = c->refused;
    p->command.name = c->name;
    p->command.actor = &session->actor;
    p->command.arena = r->arena;
    if (command_read(r, c, p, &e) != OK)
        return command_refused(r, c->refused, &e);
    r->pending = p;
    if (!p->proof.shown.p)
        return submit(r);
    if (auth_later_put(r, sign_and_submit, &e) != OK)
        return command_refused(r, c->refused, &e);
    return HTTP_WAIT;
}

enum http_state app_command_route(struct http_request *r)
{
    return app_command(r, &(struct app_command){ .name = http_param(r, "name") });
}
