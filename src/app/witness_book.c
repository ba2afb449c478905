#define _GNU_SOURCE
#include "app/witness_book_impl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "kernel/note.h"

enum { SHORT_HEX = 16 };
static const struct str log_head = S("vein.witness.log/v1\n");

struct log {
    struct verify_witnessed known;
    char hex[HASH_HEX + 1]; /* of its origin */
    char vkey[VERIFY_VKEY_MAX];
    char *note; /* what was cosigned last, as the log signed it; NULL: nothing */
    size_t note_n;
    uint64_t refused; /* since the start: went backward, or against what is known */
    bool stuck;       /* the disk may hold something else than is known here */
};

struct witness_book {
    const struct env *env;
    int folder, lock, logs, forks;
    struct verify_keys self; /* one */
    uint8_t secret_key[crypto_sign_SECRETKEYBYTES];
    char vkey[VERIFY_VKEY_MAX];
    pthread_mutex_t guard; /* of what follows, and of the files */
    struct log *log[WITNESS_LOGS_MAX];
    size_t n;
};

/* -- Opening one --------------------------------------------------------------------------------
 */

static enum outcome damaged(const char *file, struct err *e)
{
    return REFUSE(e, "witness.damaged", { "file", str_z(file) });
}

static enum outcome key_read(struct witness_book *b, struct err *e)
{
    char text[WITNESS_KEY_FILE_MAX];
    uint8_t seed[WITNESS_SEED], public_key[32];
    struct stat st;
    size_t n, got = 0;
    struct verify_report why = { 0 };
    if (fstatat(b->folder, "key", &st, AT_SYMLINK_NOFOLLOW) != 0)
        return err_fault(e, "witness.read", "key: %m");
    if ((st.st_mode & 077) != 0)
        return REFUSE(e, "witness.key_readable_by_others", { "file", S("key") });
    TRY(witness_file_read(text, sizeof text, &n, b->folder, "key", e));
    struct str rest = { text, n };
    bool good = str_starts(rest, witness_key_head);
    rest = str_from(rest, witness_key_head.n);
    const struct str name = str_cut(&rest, '\n');
    const struct str base64 = rest.p ? str_cut(&rest, '\n') : rest;
    good = good && verify_base64(seed, sizeof seed, &got, base64) && got == sizeof seed;
    if (good) {
        crypto_sign_seed_keypair(public_key, b->secret_key, seed);
        good = verify_witness_vkey(b->vkey, name, public_key) &&
               verify_witnesses_read(&b->self, str_z(b->vkey), "key", &why);
    }
    sodium_memzero(seed, sizeof seed);
    sodium_memzero(text, sizeof text);
    return good ? OK : damaged("key", e);
}

static void log_free(struct log *l)
{
    if (l)
        free(l->note);
    free(l);
}

static void origin_hex(char out[HASH_HEX + 1], struct str origin)
{
    hash_hex(out, hash_of(origin.p, origin.n));
}

/* Of the text of a file of log/: key and checkpoint, each as strictly as from a stranger. */
static struct log *log_parse(struct str text, struct verify_report *why)
{
    struct verify_checkpoint c = { 0 };
    struct log *l = calloc(1, sizeof *l);
    struct str rest = str_from(text, log_head.n);
    const struct str key = str_cut(&rest, '\n');
    bool good =
        l && str_starts(text, log_head) && rest.p &&
        verify_keys_read(&l->known.keys, key, "key", why) &&
        (rest.n == 0 || verify_checkpoint_read(&c, rest, &l->known.keys, "checkpoint", why));
    if (good && rest.n > 0) {
        l->note = malloc(rest.n);
        good = l->note != NULL;
        if (good)
            memcpy(l->note, rest.p, rest.n);
        l->note_n = rest.n;
        l->known.size = c.size;
        l->known.root = c.root;
    }
    if (good) {
        origin_hex(l->hex, str_z(l->known.keys.key[0].name));
        snprintf(l->vkey, sizeof l->vkey, "%.*s", STR(key));
        return l;
    }
    log_free(l);
    return NULL;
}

static enum outcome log_open(struct witness_book *b, const char *name, struct err *e)
{
    char *text = malloc(WITNESS_FILE_MAX);
    struct verify_report why = { 0 };
    size_t n;
    if (!text)
        return err_no_memory(e);
    enum outcome o = witness_file_read(text, WITNESS_FILE_MAX, &n, b->logs, name, e);
    struct log *l = o == OK ? log_parse((struct str){ text, n }, &why) : NULL;
    free(text);
    if (o != OK)
        return o;
    if (!l || strcmp(l->hex, name) != 0) {
        log_free(l);
        return damaged(name, e);
    }
    if (b->n == WITNESS_LOGS_MAX) {
        log_free(l);
        return REFUSE(e, "witness.logs_full");
    }
    b->log[b->n++] = l;
    return OK;
}

static enum outcome logs_read(struct witness_book *b, struct err *e)
{
    const int again = openat(b->folder, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = again >= 0 ? fdopendir(again) : NULL;
    enum outcome o = d ? OK : err_fault(e, "witness.read", "log: %m");
    for (const struct dirent *x = d ? readdir(d) : NULL; o == OK && x; x = readdir(d)) {
        if (str_ends(str_z(x->d_name), S(".new")))
            (void)unlinkat(b->logs, x->d_name, 0); /* was being written when it was killed */
        else if (x->d_name[0] != '.')
            o = log_open(b, x->d_name, e);
    }
    if (d)
        closedir(d);
    else if (again >= 0)
        close(again);
    return o;
}

static enum outcome book_open(struct witness_book *b, const char *path, struct err *e)
{
    b->folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    b->logs = b->folder < 0 ? -1 : openat(b->folder, "log", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    b->forks = b->folder < 0 ? -1 : openat(b->folder, "fork", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (b->logs < 0 || b->forks < 0)
        return REFUSE(e, "witness.none", { "folder", str_z(path) });
    b->lock = openat(b->folder, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (b->lock < 0)
        return err_fault(e, "witness.write", "lock: %m");
    if (flock(b->lock, LOCK_EX | LOCK_NB) != 0)
        return REFUSE(e, "witness.in_use", { "folder", str_z(path) });
    TRY(key_read(b, e));
    return logs_read(b, e);
}

enum outcome witness_open(struct witness_book **out, const char *folder, const struct env *env,
                          struct err *e)
{
    struct witness_book *b = calloc(1, sizeof *b);
    if (!b)
        return err_no_memory(e);
    b->env = env;
    b->folder = b->lock = b->logs = b->forks = -1;
    pthread_mutex_init(&b->guard, NULL);
    const enum outcome o = book_open(b, folder, e);
    if (o == OK)
        *out = b;
    else
        witness_close(b);
    return o;
}

void witness_close(struct witness_book *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n; i++)
        log_free(b->log[i]);
    const int all[] = { b->forks, b->logs, b->lock, b->folder };
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i] >= 0)
            close(all[i]);
    pthread_mutex_destroy(&b->guard);
    sodium_memzero(b->secret_key, sizeof b->secret_key);
    free(b);
}

const char *witness_vkey(const struct witness_book *b)
{
    return b->vkey;
}

/* -- Logs ---------------------------------------------------------------------------------------
 */

static struct log *log_of(const struct witness_book *b, const char *hex)
{
    for (size_t i = 0; i < b->n; i++)
        if (strcmp(b->log[i]->hex, hex) == 0)
            return b->log[i];
    return NULL;
}

/* What log/<H> holds of a log with this note. */
static enum outcome log_put(const struct witness_book *b, const char *hex, struct str vkey,
                            struct str note, struct err *e)
{
    struct buf text = buf_new(WITNESS_FILE_MAX);
    buf_str(&text, log_head);
    buf_printf(&text, "%.*s\n", STR(vkey));
    buf_str(&text, note);
    enum outcome o = buf_check(&text, e);
    if (o == OK)
        o = witness_file_put(b->logs, hex, buf_get(&text), e);
    buf_free(&text);
    return o;
}

enum outcome witness_add(struct witness_book *b, const char *vkey, struct err *e)
{
    struct verify_keys keys;
    struct verify_report why = { 0 };
    char hex[HASH_HEX + 1];
    const struct str key = str_trim(str_z(vkey));
    if (!verify_keys_read(&keys, key, "key", &why) || keys.n != 1)
        return REFUSE(e, "witness.log_key", { "why", str_z(why.reason) });
    origin_hex(hex, str_z(keys.key[0].name));
    if (log_of(b, hex))
        return REFUSE(e, "witness.log_known", { "origin", str_z(keys.key[0].name) });
    if (b->n == WITNESS_LOGS_MAX)
        return REFUSE(e, "witness.logs_full");
    TRY(log_put(b, hex, key, S(""), e));
    return log_open(b, hex, e);
}

/* -- Submissions --------------------------------------------------------------------------------
 */

static size_t evidence_count(const struct witness_book *b, const struct log *l, const char *ending)
{
    size_t n = 0;
    const int again = openat(b->folder, "fork", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = again >= 0 ? fdopendir(again) : NULL;
    for (const struct dirent *x = d ? readdir(d) : NULL; x; x = readdir(d))
        n +=
            strncmp(x->d_name, l->hex, SHORT_HEX) == 0 && str_ends(str_z(x->d_name), str_z(ending));
    if (d)
        closedir(d);
    return n;
}

/* What was signed against what is known is kept, once each and not without end. It is told apart by
 * the text that the log signed: the lines below it anyone may vary. Two checkpoints of one size and
 * two roots (`forked`) are all the proof that anyone needs, and only the log's key makes them; a
 * checkpoint without its proof anyone can send, so those take no room of theirs. */
static void evidence_keep(struct witness_book *b, const struct log *l, struct str body,
                          struct str note, bool forked)
{
    char hex[HASH_HEX + 1], name[2 * HASH_HEX];
    struct err e = { 0 };
    const char *shown = forked ? ".forked.shown" : ".unproved.shown";
    const char *known = forked ? ".forked.known" : ".unproved.known";
    const struct str text = note_text(note);
    hash_hex(hex, hash_of(text.p, text.n));
    snprintf(name, sizeof name, "%.*s-%.*s%s", SHORT_HEX, l->hex, SHORT_HEX, hex, shown);
    if (faccessat(b->forks, name, F_OK, 0) == 0 ||
        evidence_count(b, l, shown) >= WITNESS_EVIDENCE_MAX)
        return;
    enum outcome o = witness_file_put(b->forks, name, body, &e);
    snprintf(name, sizeof name, "%.*s-%.*s%s", SHORT_HEX, l->hex, SHORT_HEX, hex, known);
    if (o == OK)
        o = witness_file_put(b->forks, name, (struct str){ l->note ? l->note : "", l->note_n }, &e);
    if (o != OK)
        log_err(b->env, "witness.evidence", &e);
}

static void answer_line(struct witness_answer *out, struct witness_book *b, struct str text,
                        struct arena *arena)
{
    char line[VERIFY_COSIGNATURE_MAX];
    verify_cosign(line, text, (uint64_t)(env_now(b->env) / 1000000), &b->self.key[0],
                  b->secret_key);
    out->status = 200;
    out->body = arena_str(arena, str_z(line));
}

static enum outcome cosign(struct witness_answer *out, struct witness_book *b, struct log *l,
                           const struct verify_checkpoint *c, struct str note, struct arena *arena,
                           struct err *e)
{
    char *copy = malloc(note.n);
    if (!copy)
        return err_no_memory(e);
    memcpy(copy, note.p, note.n);
    const enum outcome o = log_put(b, l->hex, str_z(l->vkey), note, e);
    if (o != OK) {
        l->stuck = true;
        free(copy);
        return o;
    }
    free(l->note);
    l->note = copy;
    l->note_n = note.n;
    l->known.size = c->size;
    l->known.root = c->root;
    answer_line(out, b, note_text(note), arena);
    return OK;
}

static void answer_known(struct witness_answer *out, const struct log *l, struct arena *arena)
{
    out->status = 409;
    out->media_type = "text/x.tlog.size";
    out->body = arena_printf(arena, "%llu\n", (unsigned long long)l->known.size);
}

static void refuse(struct witness_answer *out, int status, struct str why)
{
    out->status = status;
    out->body = why;
}

static enum outcome judge(struct witness_answer *out, struct witness_book *b,
                          const struct verify_submission *s, struct str body, struct log *l,
                          struct arena *arena, struct err *e)
{
    struct verify_checkpoint c;
    const enum verify_verdict verdict = verify_judge(&c, s, l ? &l->known : NULL);
    switch (verdict) {
    case VERIFY_COSIGNS:
        if (l->stuck)
            return err_fault(e, "witness.write", "what the disk holds is not known: start again");
        return cosign(out, b, l, &c, s->note, arena, e);
    case VERIFY_MALFORMED:
        refuse(out, 400, S("not an add-checkpoint of C2SP tlog-witness\n"));
        return OK;
    case VERIFY_UNKNOWN_LOG:
        refuse(out, 404, S("this witness does not watch a log of this origin\n"));
        return OK;
    case VERIFY_UNSIGNED:
        refuse(out, 403, S("not signed by the key of this log that the witness trusts\n"));
        return OK;
    case VERIFY_OTHER_SIZE:
        l->refused += c.size < l->known.size;
        answer_known(out, l, arena);
        return OK;
    case VERIFY_FORKED:
        answer_known(out, l, arena);
        break;
    case VERIFY_INCONSISTENT:
        refuse(out, 422, S("the proof does not lead from what was cosigned to this\n"));
        break;
    }
    l->refused++;
    LOG(b->env, LOG_ERROR, "witness.forked", LOG_F_INT("known", (int64_t)l->known.size),
        LOG_F_INT("shown", (int64_t)c.size));
    evidence_keep(b, l, body, s->note, verdict == VERIFY_FORKED);
    return OK;
}

enum outcome witness_submit(struct witness_answer *out, struct witness_book *b, struct str body,
                            struct arena *arena, struct err *e)
{
    struct verify_submission s;
    struct verify_checkpoint c;
    struct verify_report why = { 0 };
    struct str origin;
    char hex[HASH_HEX + 1];
    *out = (struct witness_answer){ .media_type = "text/plain; charset=utf-8" };
    if (!verify_submission_read(&s, body) ||
        !verify_checkpoint_form(&c, &origin, s.note, "checkpoint", &why)) {
        refuse(out, 400, S("not an add-checkpoint of C2SP tlog-witness\n"));
        return OK;
    }
    origin_hex(hex, origin);
    pthread_mutex_lock(&b->guard);
    const enum outcome o = judge(out, b, &s, body, log_of(b, hex), arena, e);
    pthread_mutex_unlock(&b->guard);
    return o != OK || out->body.p ? o : err_no_memory(e);
}

/* -- What it tells ------------------------------------------------------------------------------
 */

void witness_list(struct buf *out, struct witness_book *b)
{
    pthread_mutex_lock(&b->guard);
    for (size_t i = 0; i < b->n; i++)
        buf_printf(out, "%s %llu %llu %s\n", b->log[i]->hex,
                   (unsigned long long)b->log[i]->known.size,
                   (unsigned long long)b->log[i]->refused, b->log[i]->known.keys.key[0].name);
    pthread_mutex_unlock(&b->guard);
}

bool witness_last(struct buf *out, struct witness_book *b, struct str hex)
{
    char line[VERIFY_COSIGNATURE_MAX];
    char name[HASH_HEX + 1] = { 0 };
    if (hex.n != HASH_HEX)
        return false;
    memcpy(name, hex.p, HASH_HEX);
    pthread_mutex_lock(&b->guard);
    const struct log *l = log_of(b, name);
    const bool some = l && l->note && !l->stuck;
    if (some) {
        const struct str note = { l->note, l->note_n };
        verify_cosign(line, note_text(note), (uint64_t)(env_now(b->env) / 1000000), &b->self.key[0],
                      b->secret_key);
        buf_str(out, note);
        buf_z(out, line);
    }
    pthread_mutex_unlock(&b->guard);
    return some;
}
