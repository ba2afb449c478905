/* A token's answer as the proof of a signature. */
#include "kernel/auth_impl.h"
#include "kernel/sign_token.h"

/* What only this server could have said, of all that the challenge covers, its time among it. */
static struct str mark_of(struct auth *a, const struct hash *challenge, struct arena *arena)
{
    char hex[HASH_HEX + 1];
    hash_hex(hex, *challenge);
    return auth_digest(a, "sign-challenge", str_z(hex), arena);
}

enum outcome sign_token_ask(struct sign_token_ask *out, struct auth *a,
                            const struct auth_session *session, struct str command,
                            struct str shown, struct arena *arena, struct err *e)
{
    struct hash ignored, challenge;
    const struct sign_given given = {
        .command = command,
        .session = session->id,
        .signer = session->actor.account,
        .shown = shown,
        .time = env_now(a->node->env),
    };
    if (!id_valid(command))
        return REFUSE(e, "record.malformed", { "field", S("_id") }, { "expected", S("id") });
    if (!hash_from_hex(&ignored, shown))
        return REFUSE(e, "record.malformed", { "field", S("_shown") }, { "expected", S("hash") });
    TRY(sign_challenge(&challenge, &given, e));
    *out = (struct sign_token_ask){
        .time = given.time,
        .mark = mark_of(a, &challenge, arena),
        .challenge = proof_base64((struct bytes){ challenge.b, HASH_SIZE }, arena),
    };
    return OK;
}

/* The challenge that was answered, by the time that came back with it. */
static enum outcome asked(struct sign_given *out, struct hash *challenge, struct auth *a,
                          const struct sign_proof *proof, const char **wrong, struct arena *arena,
                          struct err *e)
{
    const int64_t now = env_now(a->node->env);
    *wrong = "challenge";
    if (!clock_read(&out->time, proof->time))
        return OK;
    TRY(sign_challenge(challenge, out, e));
    const struct str mark = mark_of(a, challenge, arena);
    if (mark.n != proof->mark.n || sodium_memcmp(mark.p, proof->mark.p, mark.n) != 0)
        return OK;
    *wrong = NULL;
    return out->time > now || out->time < now - SIGN_AGE_MAX_US ? REFUSE(e, "sign.late") : OK;
}

/* As WebAuthn has browsers write it (level 2, section 5.8.1.1), so that who checks it later needs
 * no parser that forgives. */
static bool plain(struct str client, struct str challenge, struct str origin, struct arena *arena)
{
    const struct str begin =
        arena_printf(arena, "{\"type\":\"webauthn.get\",\"challenge\":\"%.*s\",\"origin\":\"%.*s\"",
                     STR(challenge), STR(origin));
    return str_starts(client, begin) && client.n > begin.n &&
           (client.p[begin.n] == ',' || client.p[begin.n] == '}');
}

static const struct auth_credentials_out *answering(const struct auth_claim *c, struct str token)
{
    for (size_t i = 0; i < c->n; i++)
        if (str_is(c->credentials[i].kind, "token") && str_eq(c->credentials[i].token, token))
            return &c->credentials[i];
    return NULL;
}

/* Where the log says whose the credential is. */
static enum outcome enrolled_at(int64_t *out, struct auth *a, struct str credential,
                                struct arena *arena, struct err *e)
{
    struct db *db;
    struct ledger_row *rows;
    size_t n = 0;
    const struct stream stream = stream_of("credential", credential);
    TRY(store_reader_take(&db, a->node->store, e));
    const enum outcome o = ledger_read_stream(db, stream_str(&stream), 1, 1, &rows, &n, arena, e);
    store_reader_give(a->node->store, db);
    if (o != OK)
        return o;
    if (n == 0)
        return err_fault(e, "ledger.damaged", "credential %.*s was not enrolled", STR(credential));
    *out = rows[0].sequence;
    return OK;
}

/* In base64url of one form, whatever the last bits of what came were. */
static enum outcome keep(struct sign_given *out, struct auth *a,
                         const struct auth_credentials_out *row,
                         const struct proof_assertion *answer, struct arena *arena, struct err *e)
{
    out->credential = row->token;
    out->key = row->key;
    out->assertion = arena_printf(
        arena, "%.*s.%.*s.%.*s", STR(proof_base64(proof_unbase64(answer->client, arena), arena)),
        STR(proof_base64(proof_unbase64(answer->data, arena), arena)),
        STR(proof_base64(proof_unbase64(answer->signature, arena), arena)));
    return enrolled_at(&out->enrolled, a, row->credential, arena, e);
}

/* What is refused before anything is compared is a try as well: each is written down, and so has to
 * be slowed. */
enum outcome sign_token_prove(struct sign_given *out, struct auth *a,
                              const struct auth_session *session, const struct sign_proof *proof,
                              const char **wrong, struct arena *arena, struct err *e)
{
    struct hash challenge;
    struct proof_assertion answer;
    struct auth_claim c;
    struct auth_proved proved;
    const struct auth_from from = { .peer = proof->peer, .device = session->device };
    struct auth_proof shown = { .assertion = proof->assertion, .party = proof->party };
    proof_assertion_read(&answer, proof->assertion, arena);
    TRY(asked(out, &challenge, a, proof, wrong, arena, e));
    TRY(auth_claim_find(a, &c, session->login, &shown, &from, arena, e));
    if (*wrong)
        return auth_slow_take(a, &c.slow, arena, e);
    shown.challenge = proof_base64((struct bytes){ challenge.b, HASH_SIZE }, arena);
    shown.challenged = out->time;
    const struct bytes client = proof_unbase64(answer.client, arena);
    if (!client.p || !plain((struct str){ (const char *)client.p, client.n }, shown.challenge,
                            proof->party.origin, arena)) {
        *wrong = "token";
        return auth_slow_take(a, &c.slow, arena, e);
    }
    TRY(auth_claim_check(a, &c, &shown, true, &proved, wrong, arena, e));
    if (*wrong)
        return OK;
    const struct auth_credentials_out *row = answering(&c, answer.id);
    if (!row || proved.strength != PROOF_TOKEN) {
        *wrong = "token";
        return OK;
    }
    auth_slow_clear(a, &c.slow);
    return keep(out, a, row, &answer, arena, e);
}
