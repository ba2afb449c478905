/* How a site is reached and where it lies. */
#include "kernel/auth_impl.h"

enum {
    DIGITS_MIN = 7,
    DIGITS_MAX = 15, /* ITU-T E.164 */
    LATITUDE_MAX = 90,
    LONGITUDE_MAX = 180,
};

/* --- telephone numbers --- */

struct str auth_phone_digits(struct str phone, struct arena *arena)
{
    struct buf b = buf_in(arena, DIGITS_MAX + 1);
    if (phone.n == 0 || phone.p[0] != '+')
        return (struct str){ 0 };
    for (size_t i = 1; i < phone.n; i++) {
        const char c = phone.p[i];
        if (c >= '0' && c <= '9')
            buf_char(&b, c);
        else if (c == '\0' || !strchr(" -./()", c))
            return (struct str){ 0 };
    }
    const struct str digits = buf_get(&b);
    return buf_ok(&b) && digits.n >= DIGITS_MIN && digits.n <= DIGITS_MAX && digits.p[0] != '0'
               ? digits
               : (struct str){ 0 };
}

static enum outcome phone_check(struct decision *d, struct str phone, struct err *e)
{
    if (!phone.p || auth_phone_digits(phone, d->arena).p)
        return OK;
    return REFUSE(e, "auth.phone_malformed", { "phone", phone });
}

/* --- site.describe --- */

enum outcome auth_describe_site_load(struct load *l, const struct auth_describe_site *body,
                                     struct auth_site_state *state, struct err *e)
{
    const struct auth_site_in in = { body->site };
    bool found;
    load_kind(l, "site");
    TRY(load_stream(l, stream_of("site", body->site), NULL, e));
    TRY(db_get(l->db, &sql_auth_site, &in, &state->row, l->arena, &found, e));
    if (!found)
        return load_unknown(l, e);
    load_scope(l, state->row.organisation, state->row.site);
    return OK;
}

static bool beyond(struct decimal degrees, int64_t most)
{
    return decimal_cmp(degrees, decimal_of(-most)) < 0 ||
           decimal_cmp(degrees, decimal_of(most)) > 0;
}

static enum outcome place_check(const struct auth_describe_site *body, struct err *e)
{
    if (decimal_present(body->latitude) != decimal_present(body->longitude))
        return REFUSE(e, "auth.half_a_place");
    if (!decimal_present(body->latitude))
        return OK;
    if (beyond(body->latitude, LATITUDE_MAX) || beyond(body->longitude, LONGITUDE_MAX))
        return REFUSE(e, "auth.off_the_globe");
    return OK;
}

static bool same_degrees(struct decimal a, struct decimal b)
{
    return decimal_present(a) == decimal_present(b) &&
           (!decimal_present(a) || decimal_cmp(a, b) == 0);
}

static bool stands(const struct auth_site_out *row, const struct auth_describe_site *body)
{
    return str_eq(row->phone, body->phone) && str_eq(row->phone_later, body->phone_later) &&
           str_eq(row->address, body->address) && same_degrees(row->latitude, body->latitude) &&
           same_degrees(row->longitude, body->longitude);
}

enum outcome auth_describe_site_decide(struct decision *d, const struct auth_describe_site *body,
                                       const struct auth_site_state *state, struct err *e)
{
    TRY(phone_check(d, body->phone, e));
    TRY(phone_check(d, body->phone_later, e));
    TRY(place_check(body, e));
    const struct auth_site_described payload = { body->site,    body->phone,    body->phone_later,
                                                 body->address, body->latitude, body->longitude };
    const struct happening h = { .stream = stream_of("site", body->site),
                                 .type = &auth_site_described_event,
                                 .payload = &payload };
    if (!stands(&state->row, body)) /* said again, it is no news */
        decide_event(d, &h);
    return OK;
}

enum outcome auth_site_described_apply(struct db *db, const struct event *event,
                                       const struct auth_site_described *payload, struct err *e)
{
    (void)event;
    const struct auth_site_describe_in in = { payload->site,        payload->phone,
                                              payload->phone_later, payload->address,
                                              payload->latitude,    payload->longitude };
    return db_run(db, &sql_auth_site_describe, &in, NULL, e);
}
