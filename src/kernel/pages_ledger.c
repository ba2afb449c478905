/* The ledger's page: the checkpoint, what is proven by it, and two proofs made anew for each
 * visit: that the node's key signed the checkpoint, and that the newest event it covers is in. */
#define _GNU_SOURCE /* memmem */
#include <sodium.h>
#include <stdio.h>

#include "gen/kernel/ledger.sql.h"
#include "gen/kernel/pages/ledger.html.h"
#include "kernel/pages.h"
#include "kernel/tlog.h"

enum { SIGNATURE_SIZE = crypto_sign_BYTES, KEY_ID_SIZE = 4 };

/* The note's text ends before its blank line; a signature line is "— name base64(id ‖ sig)". */
static bool signature_holds(struct str note, const struct note_signer *signer)
{
    uint8_t raw[KEY_ID_SIZE + SIGNATURE_SIZE];
    size_t n;
    const char *blank = note.n > 0 ? memmem(note.p, note.n, "\n\n", 2) : NULL;
    if (!blank)
        return false;
    const size_t text = (size_t)(blank - note.p) + 1;
    struct str line = str_from(note, text + 1);
    line = str_cut(&line, '\n');
    for (int i = 0; i < 2; i++) /* dash, name */
        (void)str_cut(&line, ' ');
    return line.p &&
           sodium_base642bin(raw, sizeof raw, line.p, line.n, NULL, &n, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           n == sizeof raw &&
           crypto_sign_verify_detached(raw + KEY_ID_SIZE, (const uint8_t *)note.p, text,
                                       signer->public_key) == 0;
}

/* The audit path as the static log serves it. */
static bool path_read(struct hash *path, size_t *n, struct str proof)
{
    (void)str_cut(&proof, '\n'); /* what it is */
    (void)str_cut(&proof, '\n'); /* index */
    for (*n = 0; *n < MERKLE_PROOF_MAX; (*n)++) {
        size_t size;
        struct str line = str_cut(&proof, '\n');
        if (line.n == 0)
            return true;
        if (sodium_base642bin(path[*n].b, HASH_SIZE, line.p, line.n, NULL, &size, NULL,
                              sodium_base64_VARIANT_ORIGINAL) != 0 ||
            size != HASH_SIZE)
            return false;
    }
    return false;
}

static enum outcome newest_included(bool *holds, struct http_request *r, struct db *db,
                                    const struct checkpoint *c, struct err *e)
{
    struct ledger_row *rows;
    struct hash path[MERKLE_PROOF_MAX];
    struct str proof;
    const char *type;
    size_t n;
    char name[40];
    *holds = false;
    if (c->size == 0)
        return OK;
    snprintf(name, sizeof name, "proof/%llu", (unsigned long long)c->size - 1);
    TRY(tlog_get(db, app_of(r)->node->vkey, str_z(name), &proof, &type, r->arena, e));
    TRY(ledger_read(db, (int64_t)c->size - 1, 1, &rows, &n, r->arena, e));
    size_t steps;
    *holds = n == 1 && path_read(path, &steps, proof) &&
             merkle_inclusion_holds(merkle_leaf(rows[0].leaf), c->size - 1, c->size, path, steps,
                                    c->root);
    return OK;
}

static void witness_json(struct json_out *out, const struct pages_witness_view *w)
{
    json_begin_object(out);
    json_key(out, "witness");
    json_str(out, w->row->witness);
    json_key(out, "state");
    json_str(out, w->row->state.p ? w->row->state : S("new"));
    json_key(out, "size");
    json_int(out, w->row->size == INT_NONE ? 0 : w->row->size);
    json_key(out, "tries");
    json_int(out, w->row->tries);
    json_end(out);
}

static enum outcome as_json(struct http_request *r, const struct pages_ledger_view *v,
                            struct err *e)
{
    struct buf b = buf_in(r->arena, NOTE_MAX * 4);
    struct json_out out = json_out(&b);
    json_begin_object(&out);
    json_key(&out, "origin");
    json_str(&out, v->origin);
    json_key(&out, "size");
    json_int(&out, (int64_t)v->size);
    json_key(&out, "root");
    json_str(&out, v->root);
    json_key(&out, "vkey");
    json_str(&out, v->vkey);
    json_key(&out, "checkpoint");
    json_str(&out, v->note);
    json_key(&out, "unsigned");
    json_int(&out, v->waiting);
    json_key(&out, "final");
    json_int(&out, (int64_t)v->witnesses.final);
    json_key(&out, "quorum");
    json_int(&out, (int64_t)v->witnesses.quorum);
    json_key(&out, "contradictions");
    json_int(&out, (int64_t)v->witnesses.nstanding);
    json_key(&out, "witnesses");
    json_begin_array(&out);
    for (size_t i = 0; i < v->witnesses.n; i++)
        witness_json(&out, &v->witnesses.rows[i]);
    json_end(&out);
    json_end(&out);
    r->answer.status = 200;
    r->answer.media_type = "application/json";
    r->answer.body = buf_get(&b);
    return buf_check(&b, e);
}

static enum outcome ledger(struct http_request *r, struct db *db, struct page *p, struct err *e)
{
    const struct node *node = app_of(r)->node;
    struct pages_ledger_view v = { .vkey = node->vkey };
    if (app_of(r)->scrub)
        v.scrubbed = scrub_report(app_of(r)->scrub);
    struct checkpoint c;
    struct buf root = buf_in(r->arena, HASH_HEX + 1);
    TRY(ledger_last_checkpoint(db, &v.note, r->arena, e));
    if (v.note.p) {
        v.signed_once = true;
        TRY(checkpoint_read(&c, v.note, e));
        buf_hex(&root, c.root.b, HASH_SIZE);
        v.origin = arena_str(r->arena, str_z(c.origin));
        v.root = buf_get(&root);
        v.size = c.size;
        v.signature_holds = signature_holds(v.note, &node->signer);
        TRY(newest_included(&v.newest_included, r, db, &c, e));
    }
    struct ledger_last_out last;
    bool found;
    TRY(db_get(db, &sql_ledger_last, NULL, &last, r->arena, &found, e));
    if (found && last.seq != INT_NONE)
        v.waiting = last.seq + 1 - (int64_t)v.size;
    TRY(pages_witnesses_read(&v.witnesses, r, db, p, v.size, e));
    if (http_wants_json(r))
        return as_json(r, &v, e);
    page_ledger(p, &v);
    return OK;
}

enum http_state pages_get_ledger(struct http_request *r)
{
    return show(r, "page.ledger.title", ledger);
}
