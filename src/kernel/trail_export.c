/* The trail as a file: made anew from the log each time it is fetched, and the same each time. */
#include "base/csv.h"
#include "base/id.h"
#include "kernel/show.h"
#include "kernel/trail_impl.h"

enum { CHUNK = 200, HEAD_PAGE = 4096, EXPORT_ARENA = 512 << 20, LINE_MAX = 64 << 10 };

/* --- rows --- */

static enum outcome all_rows(struct trail_file *out, struct trail_reader *r,
                             const struct trail_export_of *of, struct arena *arena, struct err *e)
{
    struct trail_row *list = ARENA_ARRAY(arena, TRAIL_EXPORT_MAX + CHUNK, struct trail_row);
    struct trail_answer found = { .next = out->up_to };
    if (!list)
        return err_no_memory(e);
    out->list = list;
    while (found.next >= 0) {
        TRY(trail_find(&found, r, of->filter, found.next, CHUNK, e));
        if (out->rows + (int64_t)found.n > TRAIL_EXPORT_MAX)
            return REFUSE(e, "trail.too_many", { "max", S("5000") });
        for (size_t i = 0; i < found.n; i++)
            list[out->rows++] = found.rows[i];
    }
    return OK;
}

/* --- JSON --- */

static enum outcome write_json(struct buf *b, const struct trail_file *f,
                               const struct trail_export_of *of, struct err *e)
{
    struct json_out out = json_out(b);
    json_begin_object(&out);
    json_key(&out, "format");
    json_int(&out, 1);
    json_key(&out, "filter");
    TRY(record_to_json(&trail_filter_record, of->filter, &out, NULL, e));
    json_key(&out, "up_to");
    json_int(&out, f->up_to);
    json_key(&out, "made");
    struct buf time = buf_in(b->arena, CLOCK_TEXT_LENGTH);
    clock_write(&time, of->made);
    json_str(&out, buf_get(&time));
    json_key(&out, "by");
    json_str(&out, of->by);
    json_key(&out, "rows");
    json_begin_array(&out);
    for (int64_t i = 0; i < f->rows; i++)
        TRY(record_to_json(&trail_row_record, &f->list[i], &out, NULL, e));
    json_end(&out);
    json_end(&out);
    return OK;
}

/* --- CSV (RFC 4180) --- */

static struct str changes_text(const struct trail_row *row, struct arena *arena)
{
    struct buf b = buf_in(arena, LINE_MAX);
    for (size_t i = 0; i < row->changes.n; i++) {
        const struct trail_change *c = &row->changes.p[i];
        buf_z(&b, i > 0 ? "; " : "");
        buf_str(&b, c->label.p ? c->label : c->path);
        buf_z(&b, ": ");
        if (c->before.p) {
            buf_str(&b, c->before);
            buf_z(&b, " -> ");
        }
        buf_str(&b, c->after.p ? c->after : c->sealed ? S("(sealed)") : S("(none)"));
    }
    return buf_ok(&b) ? buf_get(&b) : S("(too long)");
}

static struct str exceptions_text(const struct trail_row *row, struct arena *arena)
{
    struct buf b = buf_in(arena, 200);
    for (size_t i = 0; i < row->exceptions.n; i++) {
        buf_z(&b, i > 0 ? " " : "");
        buf_str(&b, row->exceptions.p[i]);
    }
    return buf_get(&b);
}

static void write_row(struct buf *b, const struct trail_row *row, struct arena *arena)
{
    static const char *const fields[] = { "sequence", "recorded", "happened",   "entered",
                                          "late_s",   "person",   "actor",      "organisation",
                                          "type",     "what",     "about",      "stream",
                                          "version",  "place",    "place_name", "device",
                                          "session",  "command",  "event" };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct field *f = record_field(&trail_row_record, str_z(fields[i]));
        const struct str text = record_text(f, row, arena);
        csv_cell(b, text.p ? text : S(""), false);
    }
    csv_cell(b, exceptions_text(row, arena), false);
    csv_cell(b, row->is_signed ? S("signed") : S(""), false);
    csv_cell(b, changes_text(row, arena), true);
}

/* Lines before the table say what it is; they begin with "#". */
static void write_csv(struct buf *b, const struct trail_file *f, const struct trail_export_of *of,
                      struct arena *arena)
{
    struct buf time = buf_in(arena, CLOCK_TEXT_LENGTH);
    clock_write(&time, of->made);
    buf_printf(b, "# audit trail, made %.*s by %.*s, events of the log up to %lld, %lld rows\r\n",
               STR(buf_get(&time)), STR(of->by), (long long)f->up_to, (long long)f->rows);
    for (size_t i = 0; i < trail_filter_record.nfields; i++) {
        const struct field *field = &trail_filter_record.fields[i];
        const struct str text = record_text(field, of->filter, arena);
        if (text.p)
            buf_printf(b, "# %s: %.*s\r\n", field->name, STR(text));
    }
    buf_z(b, "sequence,recorded,happened,entered,late_s,person,actor,organisation,type,what,about,"
             "stream,version,place,place_name,device,session,command,event,exceptions,signed,"
             "changes\r\n");
    for (int64_t i = 0; i < f->rows; i++)
        write_row(b, &f->list[i], arena);
}

/* --- the file --- */

enum outcome trail_file_make(struct trail_file *out, struct trail_reader *r,
                             const struct trail_export_of *of, struct arena *arena, struct err *e)
{
    struct page page = *r->page;
    struct buf words = buf_in(arena, HEAD_PAGE);
    struct trail_reader inner = *r;
    struct buf content = buf_in(arena, TRAIL_EXPORT_BYTES);
    *out = (struct trail_file){ .format = of->format, .up_to = of->up_to };
    if (!str_is(of->format, "csv") && !str_is(of->format, "json") && !str_is(of->format, "pdf"))
        return REFUSE(e, "trail.format", { "format", of->format });
    page.b = &words;
    page.language = S("en"); /* the same file for everybody */
    inner.page = &page;
    inner.looks = NULL;
    inner.seen = NULL;
    inner.keep = NULL;
    if (out->up_to < 0)
        TRY(trail_followed(&out->up_to, r->db, arena, e));
    TRY(all_rows(out, &inner, of, arena, e));
    if (str_is(of->format, "csv"))
        write_csv(&content, out, of, arena);
    else
        TRY(write_json(&content, out, of, e));
    TRY(buf_check(&content, e));
    out->content = buf_get(&content);
    out->hash = hash_of(out->content.p, out->content.n);
    return OK;
}

/* --- the command --- */

struct prepared {
    struct trail_filter filter;
    char hash[HASH_HEX + 1];
    int64_t rows;
    int64_t up_to;
    int64_t made;
};

static enum outcome make(struct prepared *out, struct prepare *p, const struct trail_export *body,
                         struct arena *arena, struct err *e)
{
    struct buf b = buf_in(arena, HEAD_PAGE);
    struct page page = { .b = &b, .language = S("en"), .now_us = p->now_us };
    struct trail_reader reader = {
        .db = p->db, .registry = p->registry, .actor = p->command->actor, .page = &page
    };
    const struct trail_export_of of = { &out->filter, body->format, -1, out->made,
                                        p->command->actor->name };
    struct trail_file file;
    bool sees = true;
    if (body->thing.p && stream_id(body->thing).n > 0)
        TRY(trail_sees(&sees, &reader, body->thing, e));
    if (!sees)
        return REFUSE(e, "gate.unknown", { "kind", S("thing") });
    TRY(trail_file_make(&file, &reader, &of, arena, e));
    hash_hex(out->hash, file.hash);
    out->rows = file.rows;
    out->up_to = file.up_to;
    return OK;
}

/* On the sender's thread: the file is made once here, to know its hash, and again when it is
 * fetched. That is much work, and so nobody's who has not the right. */
enum outcome trail_export_prepare(struct prepare *p, const struct trail_export *body, struct err *e)
{
    const struct actor *who = p->command->actor;
    if (!who->system && !actor_may(who, S("trail.export"), who->organisation, who->site))
        return REFUSE(e, "gate.forbidden", { "command", p->command->name });
    struct prepared *out = ARENA_NEW(p->arena, struct prepared);
    struct arena *arena = arena_new(EXPORT_ARENA);
    enum outcome o = out && arena ? OK : err_no_memory(e);
    if (o == OK) {
        *out = (struct prepared){
            .filter = { body->thing, body->actor, body->type, body->exception, body->from,
                        body->to },
            .made = p->now_us,
        };
        o = db_begin(p->db, e);
    }
    if (o == OK) {
        o = make(out, p, body, arena, e);
        db_rollback(p->db);
    }
    arena_free(arena);
    p->prepared = out;
    return o;
}

enum outcome trail_export_load(struct load *l, const struct trail_export *body,
                               struct trail_state *state, struct err *e)
{
    const struct id id = id_derive(l->command->id, S("thing"), 0);
    (void)body;
    load_kind(l, "export");
    load_own_scope(l);
    state->stream = stream_of("export", id_str(&id));
    return load_stream(l, state->stream, NULL, e);
}

enum outcome trail_export_decide(struct decision *d, const struct trail_export *body,
                                 const struct trail_state *state, struct err *e)
{
    const struct prepared *made = d->prepared;
    const struct trail_exported payload = {
        .export = stream_id(stream_str(&state->stream)),
        .format = body->format,
        .thing = body->thing,
        .actor = body->actor,
        .type = body->type,
        .exception = body->exception,
        .from = body->from,
        .to = body->to,
        .up_to = made->up_to,
        .rows = made->rows,
        .hash = str_z(made->hash),
        .made = made->made,
    };
    const struct trail_export_answer answer = { payload.export, payload.rows, payload.hash };
    struct event_link link = { .kind = stream_kind(body->thing), .id = stream_id(body->thing) };
    (void)e;
    decide_event(d, &(struct happening){
                        .stream = state->stream,
                        .type = &trail_exported_event,
                        .payload = &payload,
                        .links = &link,
                        .nlinks = body->thing.p ? 1 : 0,
                    });
    decide_answer(d, &trail_export_answer_record, &answer);
    return OK;
}

/* Its row is the event alone: who has the id finds it in the log. */
enum outcome trail_exported_apply(struct db *db, const struct event *event,
                                  const struct trail_exported *payload, struct err *e)
{
    (void)db;
    (void)event;
    (void)payload;
    (void)e;
    return OK;
}
