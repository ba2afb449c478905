/* Fuzzes what a browser sends of a security token, part by part, the others being right: the first
 * byte says which. What a token did not sign is never taken for signed. */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "kernel/tests/authenticator.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

enum { ARENA = 1 << 20 };
enum part { REGISTERED_CLIENT, REGISTERED_DATA, CLIENT, DATA, SIGNATURE, WHOLE, PARTS };

static struct authenticator authenticator;
static const struct proof_party party = { S("vein.example"), S("https://vein.example") };
static const struct str challenge = S("Y2hhbGxlbmdlIG9mIHRoZSBmdXp6ZXI");
static struct proof_registration registration;
static struct proof_assertion assertion;
static struct proof_token token;
static struct arena *kept, *arena;

static void begin(void)
{
    struct err e = { 0 };
    struct proof_asserted out;
    kept = arena_new(ARENA);
    arena = arena_new(ARENA);
    BUG_ON(!kept || !arena);
    authenticator_open(&authenticator, 1, party);
    authenticator_register(&authenticator, challenge, &registration, kept);
    BUG_ON(proof_token_register(&token, &party, challenge, &registration, kept, &e) != OK);
    proof_assertion_read(&assertion, authenticator_answer(&authenticator, challenge, kept), kept);
    BUG_ON(proof_token_check(&out, &party, challenge, &token, &assertion, kept, &e) != OK);
}

static void registered(enum part part, struct str given)
{
    struct proof_registration r = registration;
    struct proof_token out;
    struct err e = { 0 };
    *(part == REGISTERED_CLIENT ? &r.client : &r.data) = given;
    if (proof_token_register(&out, &party, challenge, &r, arena, &e) == OK)
        BUG_ON(out.id.n == 0 || !memchr(out.key.p, ':', out.key.n) || out.counter < 0);
}

static void asserted(enum part part, struct str given)
{
    struct proof_assertion a = assertion;
    struct proof_asserted out;
    struct err e = { 0 };
    const struct str was = part == CLIENT ? a.client : a.data;
    *(part == CLIENT ? &a.client : part == DATA ? &a.data : &a.signature) = given;
    const enum outcome o = proof_token_check(&out, &party, challenge, &token, &a, arena, &e);
    BUG_ON(o == OK && part != SIGNATURE && !str_eq(was, given));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct proof_assertion whole;
    if (!kept)
        begin();
    if (n == 0)
        return 0;
    arena_reset(arena);
    const enum part part = data[0] % PARTS;
    const struct str given = proof_base64((struct bytes){ data + 1, n - 1 }, arena);
    if (part == WHOLE)
        proof_assertion_read(&whole, (struct str){ (const char *)data + 1, n - 1 }, arena);
    else if (part == REGISTERED_CLIENT || part == REGISTERED_DATA)
        registered(part, given);
    else
        asserted(part, given);
    return 0;
}
