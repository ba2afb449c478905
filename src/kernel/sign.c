/* What is signed, what binds a signature to it, and what the gate refuses. */
#include "kernel/sign.h"

#include "gen/kernel/sign.sql.h"
#include "kernel/seal.h"

#define RECORDS "kernel/sign.def"
#include "base/record_tables.h"
#undef RECORDS

static const char *const meanings[] = {
#define SIGN_MEANING(code) #code,
#include "kernel/sign_meanings.def"
#undef SIGN_MEANING
};

const char *sign_strength_name(enum sign_strength s)
{
    static const char *const names[] = {
        [SIGN_SIMULATED] = "simulated",
        [SIGN_PASSWORD] = "password",
        [SIGN_CODE] = "code",
        [SIGN_TOKEN] = "token",
    };
    return names[s];
}

/* --- what is shown --- */

enum outcome sign_what_event(struct sign_what *out, struct db *db, struct str stream,
                             int64_t version, struct arena *arena, struct err *e)
{
    struct ledger_row *rows;
    struct event event;
    size_t n;
    TRY(ledger_read_stream(db, stream, version, 1, &rows, &n, arena, e));
    if (n > 0)
        TRY(event_read(&event, arena, rows[0].leaf, e));
    if (n == 0 || event.version != version)
        return err_fault(e, "ledger.damaged", "%.*s has no version %lld", STR(stream),
                         (long long)version);
    out->stream = event.stream;
    out->version = version;
    out->at = rows[0].sequence;
    out->content = event.payload;
    return OK;
}

enum outcome sign_what_record(struct sign_what *out, const struct record *r, const void *value,
                              struct arena *arena, struct err *e)
{
    struct buf b = buf_in(arena, SIGN_CONTENT_MAX);
    struct json_out json = json_out(&b);
    TRY(record_to_json(r, value, &json, NULL, e));
    TRY(buf_check(&b, e));
    out->content = buf_get(&b);
    return OK;
}

static bool word_of(const char *list, struct str word)
{
    struct str rest = str_z(list);
    while (rest.n > 0)
        if (str_eq(str_cut(&rest, ' '), word))
            return true;
    return false;
}

bool sign_meaning_known(struct str meaning)
{
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (str_is(meaning, meanings[i]))
            return true;
    return false;
}

/* A meaning that the command's row does not name is a bug of ours. */
static void meaning_check(const struct command_type *type, struct str meaning)
{
    BUG_ON(!sign_meaning_known(meaning) || !word_of(type->meanings, meaning));
}

static struct str hex_of(struct hash h, struct arena *arena)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, h);
    return arena_str(arena, str_z(hex));
}

enum outcome sign_shown_now(struct sign_shown *out, char shown[HASH_HEX + 1],
                            const struct command_type *type, const struct sign_what *what,
                            struct arena *arena, struct err *e)
{
    meaning_check(type, what->meaning);
    *out = (struct sign_shown){
        .command = str_z(type->name),
        .kind = what->kind,
        .id = what->id,
        .place = what->place,
        .stream = what->stream,
        .version = what->stream.p ? what->version : INT_NONE,
        .at = what->stream.p ? what->at : INT_NONE,
        .meaning = what->meaning,
        .words = what->words,
        .content = hex_of(hash_of(what->content.p, what->content.n), arena),
    };
    struct buf b = buf_in(arena, SIGN_CONTENT_MAX);
    struct json_out json = json_out(&b);
    TRY(record_to_json(&sign_shown_record, out, &json, NULL, e));
    TRY(buf_check(&b, e));
    const struct str text = buf_get(&b);
    hash_hex(shown, hash_of(text.p, text.n));
    return OK;
}

/* --- what binds it --- */

enum { BOUND_MAX = 8192 };

static void put_time(struct json_out *json, int64_t us)
{
    char text[CLOCK_TEXT_LENGTH + 1];
    struct buf b = buf_over(text, sizeof text);
    clock_write(&b, us);
    json_str(json, buf_get(&b));
}

enum outcome sign_challenge(struct hash *out, const struct sign_given *given, struct err *e)
{
    char storage[BOUND_MAX];
    struct buf b = buf_over(storage, sizeof storage);
    struct json_out json = json_out(&b);
    json_begin_array(&json);
    json_str(&json, S("vein.sign/1"));
    json_str(&json, given->shown);
    json_str(&json, given->signer);
    json_str(&json, given->session.p ? given->session : S(""));
    json_str(&json, given->command);
    put_time(&json, given->time);
    json_end(&json);
    TRY(buf_check(&b, e));
    *out = hash_of(storage, buf_get(&b).n);
    return OK;
}

static enum outcome proved(struct hash *out, const struct sign_given *given, struct keyring *keys,
                           struct err *e)
{
    char storage[BOUND_MAX];
    char hex[HASH_HEX + 1];
    struct hash challenge;
    TRY(sign_challenge(&challenge, given, e));
    hash_hex(hex, challenge);
    struct buf b = buf_over(storage, sizeof storage);
    struct json_out json = json_out(&b);
    json_begin_array(&json);
    json_str(&json, str_z(hex));
    json_str(&json, given->name);
    json_str(&json, str_z(sign_strength_name(given->strength)));
    json_str(&json, given->components);
    json_str(&json, given->credential.p ? given->credential : S(""));
    json_str(&json, given->key.p ? given->key : S(""));
    json_int(&json, given->credential.p ? given->enrolled : 0);
    json_str(&json, given->assertion.p ? given->assertion : S(""));
    json_end(&json);
    TRY(buf_check(&b, e));
    *out = keyring_digest(keys, "signature", buf_get(&b));
    return OK;
}

enum outcome sign_seal(struct sign_given *given, struct keyring *keys, struct err *e)
{
    return proved(&given->proved, given, keys, e);
}

enum outcome sign_simulated(struct sign_given *out, const struct sign_simulation *s,
                            struct keyring *keys, struct err *e)
{
    const struct gate_command *c = s->command;
    const struct json *json;
    struct json_limits limits = json_limits_default;
    limits.bytes = 2 * SIGN_CONTENT_MAX;
    TRY(json_read(&json, c->arena, s->asked->body, &limits, e));
    *out = (struct sign_given){
        .command = c->id,
        .session = c->actor->session,
        .signer = c->actor->account,
        .name = s->name,
        .shown = json_get_str(json, "shown"),
        .time = s->now_us,
        .strength = SIGN_SIMULATED,
        .components = S("none"),
    };
    return sign_seal(out, keys, e);
}

/* --- the gate's check --- */

static bool same(struct str a, struct str b)
{
    return str_eq(a.p ? a : S(""), b.p ? b : S(""));
}

/* Whose it is, and what for. */
static enum outcome check_whose(const struct sign_check *c, struct err *e)
{
    const struct sign_given *given = c->command->signature;
    const struct actor *actor = c->command->actor;
    struct hash now;
    if (!given)
        return REFUSE(e, "sign.needed", { "command", str_z(c->type->name) });
    if (actor->system || !actor->account.p)
        return REFUSE(e, "sign.person");
    if (!str_eq(given->signer, actor->account))
        return REFUSE(e, "sign.signer");
    if (!same(given->session, actor->session))
        return REFUSE(e, "sign.session");
    if (!str_eq(given->command, c->command->id))
        return REFUSE(e, "sign.command");
    TRY(proved(&now, given, c->keys, e));
    return hash_eq(now, given->proved) ? OK : REFUSE(e, "sign.forged");
}

static enum outcome check_when(const struct sign_check *c, struct err *e)
{
    const struct sign_given *given = c->command->signature;
    if (c->command->happened != TIME_NONE)
        return REFUSE(e, "sign.happened");
    if (given->time > c->now_us + GATE_AHEAD_MAX_US || given->time < c->now_us - SIGN_AGE_MAX_US)
        return REFUSE(e, "sign.late");
    return OK;
}

static enum outcome check_strength(const struct sign_check *c, struct err *e)
{
    const enum sign_strength strength = c->command->signature->strength;
    struct sign_simulation_out row;
    bool found;
    if (strength == SIGN_SIMULATED) {
        TRY(db_get(c->db, &sql_sign_simulation, NULL, &row, c->arena, &found, e));
        return found ? OK : REFUSE(e, "sign.simulated");
    }
    if (strength < c->needed)
        return REFUSE(e, "sign.weak", { "strength", str_z(sign_strength_name(c->needed)) });
    return OK;
}

enum outcome sign_check(struct str *out, const struct sign_check *c, const struct sign_shown *what,
                        struct str shown, struct err *e)
{
    const struct sign_given *given = c->command->signature;
    struct hash challenge;
    TRY(check_whose(c, e));
    TRY(check_when(c, e));
    TRY(check_strength(c, e));
    if (!str_eq(given->shown, shown))
        return REFUSE(e, "sign.changed");
    TRY(sign_challenge(&challenge, given, e));
    const struct sign_signature s = {
        .format = SIGN_FORMAT,
        .signer = given->signer,
        .name = given->name,
        .what = { what, 1 },
        .shown = shown,
        .time = given->time,
        .strength = str_z(sign_strength_name(given->strength)),
        .components = given->components,
        .challenge = hex_of(challenge, c->arena),
        .credential = given->credential,
        .key = given->key,
        .enrolled = given->credential.p ? given->enrolled : INT_NONE,
        .assertion = given->assertion,
    };
    struct buf b = buf_in(c->arena, SIGN_CONTENT_MAX);
    struct json_out json = json_out(&b);
    TRY(record_to_json(&sign_signature_record, &s, &json, NULL, e));
    TRY(buf_check(&b, e));
    *out = buf_get(&b);
    return OK;
}
