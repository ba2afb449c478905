/* What of the trail a request asks for, from its path and query. */
#include "base/id.h"
#include "gen/kernel/auth.sql.h"
#include "kernel/trail_impl.h"
#include "kernel/trail_page.h"

/* A time, or a date: its beginning, or (`end`) that of the day after. */
static enum outcome read_time(int64_t *out, const struct http_request *r, const char *name,
                              bool end, struct err *e)
{
    const struct str text = http_query(r, name);
    *out = TIME_NONE;
    if (text.n == 0)
        return OK;
    if (text.n == 10) {
        const struct str whole = arena_printf(r->arena, "%.*sT00:00:00Z", STR(text));
        if (!clock_read(out, whole))
            return trail_malformed(name, e);
        *out += end ? TIME_DAY : 0;
        return OK;
    }
    return clock_read(out, text) ? OK : trail_malformed(name, e);
}

/* "account/<id>" and its kin, or a person's login. */
static enum outcome read_actor(struct str *out, const struct http_request *r, struct db *db,
                               struct err *e)
{
    const struct str text = str_trim(http_query(r, "actor"));
    struct auth_login_out row;
    bool found;
    *out = (struct str){ 0 };
    if (text.n == 0)
        return OK;
    if (text.n > 80)
        return trail_malformed("actor", e);
    *out = text;
    if (stream_kind(text).n > 0 && stream_id(text).n > 0)
        return OK;
    const struct auth_login_in in = { text };
    TRY(db_get(db, &sql_auth_login, &in, &row, r->arena, &found, e));
    if (!found)
        return trail_malformed("actor", e);
    *out = arena_printf(r->arena, "account/%.*s", STR(row.account));
    return OK;
}

/* Codes are words of the program: another text is a refusal, not an empty answer. */
static enum outcome read_code(struct str *out, const struct http_request *r, const char *name,
                              struct err *e)
{
    const struct field *field = record_field(&trail_filter_record, str_z(name));
    struct trail_filter f;
    struct err why = { 0 };
    const struct str text = http_query(r, name);
    record_clear(&trail_filter_record, &f);
    *out = (struct str){ 0 };
    if (text.n == 0)
        return OK;
    if (record_set_text(field, &f, text, &why) != OK)
        return trail_malformed(name, e);
    *out = text;
    return OK;
}

enum outcome trail_ask(struct trail_filter *out, const struct http_request *r, struct db *db,
                       struct err *e)
{
    const struct str kind = http_param(r, "kind");
    record_clear(&trail_filter_record, out);
    if (kind.p)
        out->thing = arena_printf(r->arena, "%.*s/%.*s", STR(kind), STR(http_param(r, "id")));
    else if (http_query(r, "thing").n > 0)
        out->thing = http_query(r, "thing");
    if (out->thing.n > STREAM_MAX)
        return trail_malformed("thing", e);
    TRY(read_actor(&out->actor, r, db, e));
    TRY(read_code(&out->type, r, "type", e));
    TRY(read_code(&out->exception, r, "exception", e));
    TRY(read_time(&out->from, r, "from", false, e));
    return read_time(&out->to, r, "to", true, e);
}
