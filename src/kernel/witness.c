/* What witnesses came to say, as events and rows. */
#include "kernel/witness.h"

#include "gen/kernel/contact_schema.sql.h"
#include "gen/kernel/witness_schema.sql.h"
#include "kernel/event.h"

#define EVENTS   "kernel/witness_events.def"
#define COMMANDS "kernel/witness_commands.def"
#include "kernel/wire.h"

const struct module witness_module = {
    .name = "witness",
    MODULE_ARRAY(events),
    MODULE_ARRAY(commands),
    .schema = &witness_schema,
};

static enum outcome standing(struct load *l, struct str vkey, struct witness_state *state,
                             struct err *e)
{
    const struct witness_standing_in in = { vkey };
    return db_get(l->db, &sql_witness_standing, &in, &state->row, l->arena, &state->found, e);
}

enum outcome witness_report_load(struct load *l, const struct witness_report *body,
                                 struct witness_state *state, struct err *e)
{
    load_kind(l, "node");
    if (!l->command->actor->system) /* whatever a role says: it would be a lie */
        return load_unknown(l, e);
    load_own_scope(l);
    TRY(load_stream(l, stream_of("log", body->node), NULL, e));
    return standing(l, body->vkey, state, e);
}

static void say_of(struct decision *d, struct str node, const struct event_type *type,
                   const void *payload)
{
    decide_event(d, &(struct happening){
                        .stream = stream_of("log", node),
                        .type = type,
                        .payload = payload,
                    });
}

bool witness_contradicts(struct str state)
{
    return str_is(state, "rolled_back") || str_is(state, "forked");
}

enum outcome witness_report_decide(struct decision *d, const struct witness_report *body,
                                   const struct witness_state *state, struct err *e)
{
    (void)e;
    if (state->found && str_eq(state->row.state, body->state))
        return OK;
    if (str_is(body->state, "agreed")) {
        const struct witness_agreed payload = { body->witness, body->vkey, body->size, body->root };
        say_of(d, body->node, &witness_agreed_event, &payload);
    } else if (witness_contradicts(body->state)) {
        const struct witness_contradicted payload = { body->witness, body->vkey, body->state,
                                                      body->size,    body->root, body->says };
        say_of(d, body->node, &witness_contradicted_event, &payload);
    } else if (!state->found || !witness_contradicts(state->row.state)) {
        const struct witness_silent payload = { body->witness, body->vkey, body->since,
                                                body->code };
        say_of(d, body->node, &witness_silent_event, &payload);
    }
    return OK;
}

enum outcome witness_resolve_load(struct load *l, const struct witness_resolve *body,
                                  struct witness_state *state, struct err *e)
{
    load_kind(l, "witness");
    TRY(load_stream(l, stream_of("log", body->node), NULL, e));
    TRY(standing(l, body->vkey, state, e));
    if (!state->found || !str_eq(state->row.node, body->node))
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, (struct str){ 0 });
    return OK;
}

enum outcome witness_resolve_decide(struct decision *d, const struct witness_resolve *body,
                                    const struct witness_state *state, struct err *e)
{
    if (!witness_contradicts(state->row.state))
        return REFUSE(e, "witness.no_contradiction", { "witness", state->row.witness });
    const struct witness_resolved payload = { state->row.witness, body->vkey };
    say_of(d, body->node, &witness_resolved_event, &payload);
    return OK;
}

/* --- rows --- */

struct standing {
    struct str vkey, witness;
    const char *state;
    int64_t size, says;
};

static enum outcome stand(struct db *db, const struct event *event, const struct standing *s,
                          struct err *e)
{
    const struct witness_stand_in in = {
        .vkey = s->vkey,
        .witness = s->witness,
        .node = stream_id(event->stream),
        .organisation = event->organisation,
        .state = str_z(s->state),
        .since = event->recorded,
        .size = s->size,
        .says = s->says,
    };
    return db_run(db, &sql_witness_stand, &in, NULL, e);
}

enum outcome witness_agreed_apply(struct db *db, const struct event *event,
                                  const struct witness_agreed *p, struct err *e)
{
    const struct standing s = { p->vkey, p->witness, "agreed", p->size, INT_NONE };
    const struct witness_end_in end = { p->vkey, event->recorded, { 0 } };
    TRY(stand(db, event, &s, e));
    return db_run(db, &sql_witness_end, &end, NULL, e);
}

enum outcome witness_silent_apply(struct db *db, const struct event *event,
                                  const struct witness_silent *p, struct err *e)
{
    const struct standing s = { p->vkey, p->witness, "silent", INT_NONE, INT_NONE };
    return stand(db, event, &s, e);
}

enum outcome witness_contradicted_apply(struct db *db, const struct event *event,
                                        const struct witness_contradicted *p, struct err *e)
{
    const struct standing s = { p->vkey, p->witness,
                                str_is(p->how, "forked") ? "forked" : "rolled_back", p->size,
                                p->says };
    const struct witness_contradict_in in = {
        .number = event->version,
        .vkey = p->vkey,
        .witness = p->witness,
        .how = p->how,
        .at = event->recorded,
        .size = p->size,
        .root = p->root,
        .says = p->says,
    };
    TRY(stand(db, event, &s, e));
    return db_run(db, &sql_witness_contradict, &in, NULL, e);
}

/* Who founded the node stays its founder, whoever resolves: the row's organisation is that of the
 * first event. */
enum outcome witness_resolved_apply(struct db *db, const struct event *event,
                                    const struct witness_resolved *p, struct err *e)
{
    const struct standing s = { p->vkey, p->witness, "resolved", INT_NONE, INT_NONE };
    const struct witness_end_in end = { p->vkey, event->recorded, event->actor };
    TRY(stand(db, event, &s, e));
    return db_run(db, &sql_witness_end, &end, NULL, e);
}

/* --- the configuration --- */

static bool url_good(struct str url)
{
    for (size_t i = 0; i < url.n; i++)
        if (url.p[i] <= ' ' || url.p[i] > '~')
            return false;
    return url.n <= WITNESS_URL_MAX &&
           (str_starts(url, S("https://")) || str_starts(url, S("http://")));
}

static enum outcome line_read(struct witness_one *out, struct str line, struct str number,
                              struct err *e)
{
    struct str key = line;
    struct str url = str_cut(&key, ' ');
    key = str_trim(key);
    while (url.n > 0 && url.p[url.n - 1] == '/')
        url.n--;
    *out = (struct witness_one){ 0 };
    if (!key.p || !url_good(url) || key.n >= sizeof out->vkey)
        return REFUSE(e, "witness.line", { "line", number });
    memcpy(out->url, url.p, url.n);
    memcpy(out->vkey, key.p, key.n);
    return note_witness_read(&out->key, key, e);
}

enum outcome witness_setup_read(struct witness_setup *out, struct str text, struct err *e)
{
    char number[24];
    out->n = 0;
    for (int64_t at = 1; text.p; at++) {
        struct str line = str_trim(str_cut(&text, '\n'));
        struct buf b = buf_over(number, sizeof number);
        if (line.n == 0 || line.p[0] == '#')
            continue;
        buf_int(&b, at);
        if (out->n == WITNESSES_MAX)
            return REFUSE(e, "witness.line", { "line", buf_get(&b) });
        struct witness_one *one = &out->one[out->n];
        TRY(line_read(one, line, buf_get(&b), e));
        for (size_t i = 0; i < out->n; i++)
            if (strcmp(out->one[i].key.name, one->key.name) == 0 ||
                memcmp(out->one[i].key.public_key, one->key.public_key, 32) == 0)
                return REFUSE(e, "witness.twice", { "name", str_z(one->key.name) });
        out->n++;
    }
    return OK;
}
