/* One command's way through the gate: known before? → load → object access → expectations → decide
 * → append → apply → remembered. All inside a savepoint, so that a refusal leaves nothing behind.
 */
#include "base/id.h"
#include "base/log.h"
#include "gen/kernel/gate.sql.h"
#include "kernel/auth.h"
#include "kernel/erase.h"
#include "kernel/gate_impl.h"
#include "kernel/sign_strength.h"

struct member {
    struct gate_writer *w;
    struct gate_item *item;
    const struct gate_command *command; /* whose actor has the rights that hold now, and here */
    struct load_impl *load;
    struct decision_impl *decision;
    struct arena *arena;
    int64_t now_us;
    bool has_key;         /* the subject's, to seal with, is there */
    struct str signature; /* of the first event; absent: the command is none that is signed */
};

/* The stored answer of an earlier run, if this request was accepted before. */
static enum outcome member_repeated(struct member *m, bool *found, struct err *e)
{
    struct gate_item *item = m->item;
    struct gate_command_find_in in = { .command = item->command->id };
    struct gate_command_find_out row;
    TRY(db_get(m->w->db, &sql_gate_command_find, &in, &row, m->arena, found, e));
    if (!*found)
        return OK;
    char hex[HASH_HEX + 1];
    hash_hex(hex, item->digest);
    if (!str_is(row.digest, hex))
        return REFUSE(e, "gate.key_reused");
    item->answer.repeated = true;
    item->answer.sequence = row.sequence;
    item->answer.nevents = (size_t)row.events;
    item->answer.body = S("{}");
    if (!row.answer.p)
        return OK;
    return seal_secret_open(m->w->keys, &item->answer.body, gate_answer_place(item->command->id),
                            row.answer, item->command->arena, e);
}

static enum outcome member_access(const struct member *m, struct err *e)
{
    const struct actor *a = m->command->actor;
    const struct load_impl *l = m->load;
    if (a->system)
        return OK;
    bool known = false;
    for (size_t i = 0; i < l->nscopes; i++) {
        const struct load_scope *s = &l->scopes[i];
        if (!s->known_only && actor_may(a, str_z(m->item->type->name), s->organisation, s->site))
            return OK;
        for (size_t g = 0; g < a->ngrants; g++)
            known |= str_eq(a->grants[g].organisation, s->organisation) &&
                     (!a->grants[g].site.p || str_eq(a->grants[g].site, s->site));
    }
    if (known)
        return REFUSE(e, "gate.forbidden", { "command", str_z(m->item->type->name) });
    return REFUSE(e, "gate.unknown", { "kind", str_z(l->about ? l->about : "thing") });
}

/* --- when it happened --- */

/* A person states it, and may be mistaken or lie: see gate.h. */
static bool time_stated(const struct member *m)
{
    const struct gate_command *c = m->item->command;
    return c->happened != TIME_NONE && !c->actor->system;
}

static enum outcome member_time(const struct member *m, struct err *e)
{
    const int64_t happened = m->item->command->happened;
    if (!time_stated(m))
        return OK;
    if (happened > m->now_us + GATE_AHEAD_MAX_US)
        return REFUSE(e, "gate.happened_later");
    if (happened < m->now_us - GATE_LATE_MAX_US)
        return REFUSE(e, "gate.happened_long_ago", { "days", S("30") });
    return OK;
}

/* Not long before what its stream holds already. One read more, only for stated times. */
static enum outcome member_order(const struct member *m, const struct load_read *read,
                                 struct err *e)
{
    struct ledger_row *rows;
    struct event last;
    size_t n;
    if (!time_stated(m) || read->version == 0)
        return OK;
    TRY(ledger_read_stream(m->w->db, stream_str(&read->stream), read->version, 1, &rows, &n,
                           m->arena, e));
    if (n == 0)
        return err_fault(e, "ledger.damaged", "the last event of a stream is not there");
    TRY(event_read(&last, m->arena, rows[0].leaf, e));
    if (m->item->command->happened >= last.happened - GATE_BEFORE_MAX_US)
        return OK;
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, last.happened);
    return REFUSE(e, "gate.happened_before", { "last", buf_get(&b) });
}

static struct load_read *read_of(struct load_impl *l, struct str stream)
{
    for (size_t i = 0; i < l->nreads; i++)
        if (str_is(stream, l->reads[i].stream.text))
            return &l->reads[i];
    return NULL;
}

/* What the sender saw must still be so. Only what load declared is compared: a question about any
 * other stream would be answered past object access. */
static enum outcome member_expectations(const struct member *m, struct err *e)
{
    const struct gate_command *c = m->item->command;
    for (size_t i = 0; i < c->nexpects; i++) {
        const struct gate_expect *expect = &c->expects[i];
        const struct load_read *read = read_of(m->load, expect->stream);
        if (!read)
            return REFUSE(e, "gate.unread_stream", { "stream", expect->stream });
        if (read->version != expect->version)
            return REFUSE(e, "ledger.changed", { "stream", expect->stream });
    }
    return OK;
}

/* Seals a field of the event at hand under the command's subject. */
struct member_sealer {
    struct member *m;
    struct str event_id;
};

static enum outcome member_seal(void *context, struct str *out, struct str path, struct str plain,
                                struct err *e)
{
    struct member_sealer *s = context;
    struct member *m = s->m;
    const struct str organisation = m->command->actor->organisation;
    const struct str subject = m->load->subject.p ? m->load->subject : organisation;
    bool erased = false;
    if (!m->has_key && m->load->subject.p)
        TRY(erase_is(&erased, m->w->registry, m->w->db, subject, m->arena, e));
    if (erased)
        return REFUSE(e, "seal.erased", { "subject", subject });
    if (!m->has_key)
        TRY(keyring_subject(m->w->keys, subject, organisation.p ? organisation : KEYRING_NODE, e));
    m->has_key = true;
    return seal_text(m->w->keys, out, subject, s->event_id, path, plain, m->arena, e);
}

/* For whoever is told after the commit. */
static void note_happened(struct gate_writer *w, int64_t sequence, const struct event_type *type,
                          struct str key)
{
    struct gate_happened *happened = &w->happened[w->nhappened++];
    *happened = (struct gate_happened){ .sequence = sequence, .type = type->name };
    BUG_ON(key.n > STREAM_MAX); /* the ledger took it */
    memcpy(happened->key.text, key.p, key.n);
}

/* What decide says that it concerns, and the emergency access under which the actor acts. */
static enum outcome member_links(const struct event_link **out, size_t *n, const struct member *m,
                                 const struct happening *h, struct err *e)
{
    const struct str emergency = m->command->actor->emergency;
    *out = h->links;
    *n = h->nlinks;
    if (!emergency.p)
        return OK;
    struct event_link *links = ARENA_ARRAY(m->arena, h->nlinks + 1, struct event_link);
    if (!links)
        return err_no_memory(e);
    if (h->nlinks > 0)
        memcpy(links, h->links, h->nlinks * sizeof *links);
    links[(*n)++] = (struct event_link){ S("emergency"), emergency };
    *out = links;
    return OK;
}

/* Makes the event, appends it, and applies what was appended. */
static enum outcome member_append(struct member *m, const struct happening *h, size_t ordinal,
                                  struct err *e)
{
    const struct gate_command *c = m->command;
    struct id *id = ARENA_NEW(m->arena, struct id);
    if (!id)
        return err_no_memory(e);
    *id = id_derive(c->id, S("event"), ordinal);

    struct member_sealer context = { .m = m, .event_id = id_str(id) };
    struct record_sealer sealer = { .context = &context, .seal = member_seal };
    struct buf payload = buf_in(m->arena, EVENT_LEAF_MAX);
    struct json_out out = json_out(&payload);
    TRY(record_to_json(h->type->payload, h->payload, &out, &sealer, e));
    TRY(buf_check(&payload, e));
    struct str reason = { 0 };
    if (c->reason.n > 0)
        TRY(member_seal(&context, &reason, S("reason"), c->reason, e));

    struct load_read *read = read_of(m->load, stream_str(&h->stream));
    BUG_ON(!read); /* decide wrote to a stream that load did not declare */
    TRY(member_order(m, read, e));
    const struct event_link *links;
    size_t nlinks;
    TRY(member_links(&links, &nlinks, m, h, e));
    struct event event = {
        .id = id_str(id),
        .organisation = c->actor->organisation,
        .stream = stream_str(&h->stream),
        .key = h->key.p ? h->key : stream_str(&h->stream),
        .command = c->id,
        .cause = c->cause,
        .type = str_z(h->type->name),
        .type_version = h->type->version,
        .happened = c->happened == TIME_NONE ? m->now_us : c->happened,
        .entered = c->entered == TIME_NONE ? m->now_us : c->entered,
        .zone = c->actor->zone,
        .actor = c->actor->name,
        .session = c->actor->session,
        .device = c->actor->device,
        .place = h->place.p ? h->place : c->actor->site,
        .links = { links, nlinks },
        .reason = reason,
        .signature = ordinal == 0 ? m->signature : (struct str){ 0 },
        .payload = buf_get(&payload),
    };
    int64_t sequence;
    TRY(ledger_append(m->w->ledger, m->w->db, &event, read->version, &sequence, m->arena, e));
    read->version++;
    note_happened(m->w, sequence, h->type, event.key);
    if (ordinal == 0)
        m->item->answer.sequence = sequence;
    return registry_apply(m->w->registry, m->w->db, &event, m->arena, e);
}

static enum outcome member_answer(struct member *m, struct err *e)
{
    struct gate_item *item = m->item;
    const struct decision_impl *d = m->decision;
    item->answer.body = S("{}");
    item->answer.nevents = d->n;
    struct bytes sealed = { 0 };
    if (d->answer_record && d->answer_record != item->type->answer)
        return err_fault(e, "gate.undeclared_answer", "%s", item->type->name);
    if (d->answer_record) {
        struct buf answer = buf_in(item->command->arena, GATE_BODY_MAX);
        struct json_out out = json_out(&answer);
        TRY(record_to_json(d->answer_record, d->answer, &out, NULL, e));
        TRY(buf_check(&answer, e));
        item->answer.body = buf_get(&answer);
        TRY(seal_secret(m->w->keys, &sealed, gate_answer_place(item->command->id),
                        item->answer.body, m->arena, e));
    }
    char hex[HASH_HEX + 1];
    hash_hex(hex, item->digest);
    struct gate_command_keep_in row = {
        .organisation = item->command->actor->organisation,
        .command = item->command->id,
        .digest = str_z(hex),
        .answer = sealed,
        .sequence = item->answer.sequence,
        .events = (int64_t)d->n,
    };
    return db_run(m->w->db, &sql_gate_command_keep, &row, NULL, e);
}

/* --- what is signed (sign.h) --- */

/* The answer to who asks what the command would sign; nothing else comes of it. */
static enum outcome member_asked(struct member *m, const struct sign_what *what,
                                 const struct sign_shown *shown, struct str hash,
                                 enum sign_strength needed, struct err *e)
{
    struct buf answer = buf_in(m->item->command->arena, 2 * SIGN_CONTENT_MAX);
    struct json_out out = json_out(&answer);
    const struct sign_asked asked = { .shown = hash,
                                      .what = { shown, 1 },
                                      .strength = str_z(sign_strength_name(needed)),
                                      .content = what->content };
    TRY(record_to_json(&sign_asked_record, &asked, &out, NULL, e));
    TRY(buf_check(&answer, e));
    m->item->answer.body = buf_get(&answer);
    return OK;
}

static enum outcome member_signed(struct member *m, struct load *l, const void *state,
                                  struct err *e)
{
    const struct gate_item *item = m->item;
    struct sign_what what = { 0 };
    struct sign_shown shown;
    enum sign_strength needed;
    char hash[HASH_HEX + 1];
    if (!(item->type->flags & COMMAND_SIGNED))
        return OK;
    TRY(item->type->shown(l, item->body, state, &what, e));
    TRY(sign_shown_now(&shown, hash, item->type, &what, m->arena, e));
    const struct sign_act act = { &shown, &what };
    TRY(sign_needed(&needed, m->w->rules, &act, m->w->db, m->now_us, m->arena, e));
    if (item->command->asks)
        return member_asked(m, &what, &shown, str_z(hash), needed, e);
    const struct sign_check check = { m->w->db, m->w->keys, item->type, item->command,
                                      needed,   m->now_us,  m->arena };
    return sign_check(&m->signature, &check, &shown, str_z(hash), e);
}

static enum outcome member_decide(struct member *m, const void *state, struct err *e)
{
    const struct gate_command *c = m->command;
    struct decision d = {
        .arena = m->arena,
        .command = c,
        .now_us = m->now_us,
        .happened_us = c->happened == TIME_NONE ? m->now_us : c->happened,
        .prepared = m->item->prepared,
        .impl = m->decision,
    };
    TRY(m->item->type->decide(&d, m->item->body, state, e));
    if (m->decision->too_many)
        return REFUSE(e, "gate.too_many_events");
    if (c->asks)
        return OK;
    if (m->signature.p && m->decision->n == 0)
        return err_fault(e, "sign.nothing", "%s made no event", m->item->type->name);
    for (size_t i = 0; i < m->decision->n; i++)
        TRY(member_append(m, &m->decision->happenings[i], i, e));
    return member_answer(m, e);
}

/* The command by who sent it as they are now: without rights that have ended, and where it judges
 * what others did, without those lent in an emergency. */
static enum outcome member_command(struct member *m, struct err *e)
{
    const struct actor *sender = m->item->command->actor;
    struct gate_command *now = ARENA_NEW(m->arena, struct gate_command);
    struct actor *actor = ARENA_NEW(m->arena, struct actor);
    struct grant *grants = ARENA_ARRAY(m->arena, sender->ngrants + 1, struct grant);
    if (!now || !actor || !grants)
        return err_no_memory(e);
    const bool judges = m->item->type->flags & (COMMAND_JUDGES | COMMAND_SIGNED);
    *now = *m->item->command;
    *actor = *sender;
    actor->grants = grants;
    actor->ngrants = 0;
    actor->at_us = m->now_us;
    for (size_t i = 0; i < sender->ngrants; i++)
        if (!judges || !sender->grants[i].emergency.p)
            grants[actor->ngrants++] = sender->grants[i];
    m->load->actor = actor;
    now->actor = actor_for(actor, (struct str){ 0 }, m->now_us, m->arena);
    m->command = now;
    return now->actor ? OK : err_no_memory(e);
}

static enum outcome member_run(struct member *m, struct err *e)
{
    const struct command_type *type = m->item->type;
    TRY(member_command(m, e));
    struct load l = {
        .db = m->w->db,
        .registry = m->w->registry,
        .keys = m->w->keys,
        .arena = m->arena,
        .command = m->command,
        .now_us = m->now_us,
        .prepared = m->item->prepared,
        .impl = m->load,
    };
    void *state = arena_alloc(m->arena, type->state_size);
    if (!state)
        return err_no_memory(e);
    /* Who may not know of the thing learns nothing from what load found wrong with it. */
    struct err found = { 0 };
    enum outcome o = type->load(&l, m->item->body, state, &found);
    m->command = l.command;
    if (o != FAULT && m->load->nscopes > 0)
        TRY(member_access(m, e));
    if (o != OK) {
        *e = found;
        return o;
    }
    BUG_ON(m->load->nscopes == 0);
    TRY(member_time(m, e));
    TRY(member_expectations(m, e));
    TRY(member_signed(m, &l, state, e));
    return member_decide(m, state, e);
}

static enum outcome member_once(struct member *m, struct err *e)
{
    bool repeated = false;
    const struct actor *actor = m->item->command->actor;
    if (actor->key.p) /* which may have been revoked while the command waited */
        TRY(auth_key_stands(m->w->db, actor->key, m->now_us, m->arena, e));
    if (!m->item->command->asks)
        TRY(member_repeated(m, &repeated, e));
    return repeated ? OK : member_run(m, e);
}

enum outcome gate_member_run(struct gate_writer *w, struct gate_item *item, struct err *e)
{
    arena_reset(w->arena);
    struct member m = {
        .w = w,
        .item = item,
        .load = ARENA_NEW(w->arena, struct load_impl),
        .decision = ARENA_NEW(w->arena, struct decision_impl),
        .arena = w->arena,
        .now_us = env_now(w->env),
    };
    if (!m.load || !m.decision)
        return err_no_memory(e);
    m.load->type = item->type;
    item->answer = (struct gate_answer){ .sequence = -1 };

    struct err own = { 0 };
    struct err undo = { 0 };
    size_t mark = ledger_mark(w->ledger);
    size_t happened = w->nhappened;
    TRY(db_savepoint(w->db, e));
    enum outcome o = member_once(&m, &own);
    if (o == OK)
        o = db_settle(w->db, &own);
    if (o != FAULT)
        o = gate_memory_held(m.arena, o, &own);
    if (o == OK)
        return db_savepoint_keep(w->db, e);
    ledger_undo(w->ledger, mark);
    w->nhappened = happened;
    /* A fault that the savepoint cannot take back is the whole group's. */
    if (db_savepoint_undo(w->db, &undo) != OK) {
        *e = o == FAULT ? own : undo;
        return FAULT;
    }
    item->answer = (struct gate_answer){ .error = own, .sequence = -1 };
    if (o == FAULT)
        log_err(w->env, "gate.member_failed", &own);
    return OK;
}

/* --- what decide may say --- */

void decide_event(struct decision *d, const struct happening *h)
{
    struct decision_impl *impl = d->impl;
    if (impl->n == GATE_EVENTS_MAX) {
        impl->too_many = true;
        return;
    }
    struct happening *kept = &impl->happenings[impl->n];
    *kept = *h;
    size_t size = h->type->payload->size;
    void *payload = arena_alloc(d->arena, size);
    struct event_link *links = ARENA_ARRAY(d->arena, h->nlinks + 1, struct event_link);
    if (!payload || !links || !record_copy(h->type->payload, payload, h->payload, d->arena)) {
        impl->too_many = true;
        return;
    }
    if (h->nlinks > 0)
        memcpy(links, h->links, h->nlinks * sizeof *links);
    kept->payload = payload;
    kept->links = links;
    impl->n++;
}

void decide_order_event(struct decision *d, struct str order, const struct happening *h)
{
    struct stream key = stream_of("order", order);
    struct happening of_order = *h;
    of_order.key = arena_str(d->arena, stream_str(&key));
    decide_event(d, &of_order);
}

void decide_answer(struct decision *d, const struct record *r, const void *value)
{
    void *copy = arena_alloc(d->arena, r->size);
    if (!copy || !record_copy(r, copy, value, d->arena)) {
        d->impl->too_many = true;
        return;
    }
    d->impl->answer_record = r;
    d->impl->answer = copy;
}

struct str decide_id(struct decision *d, uint64_t n)
{
    struct id id = id_derive(d->command->id, S("thing"), n);
    return arena_str(d->arena, id_str(&id));
}
