/* Erasure as it follows the log: which subjects are erased is asked of the projections each time,
 * so that nothing rests on what this process remembers. */
#define _GNU_SOURCE /* asprintf */
#include "kernel/erase.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/id.h"
#include "base/io.h"
#include "base/log.h"
#include "kernel/copy.h"
#include "kernel/file.h"
#include "kernel/keyring_impl.h"
#include "kernel/search.h"

enum {
    PAGE = 200,
    STEP_ARENA_MAX = 4 << 20,
    LIST_ARENA_MAX = 2 * ERASE_LIST_MAX,
    SAID_MAX = 64, /* erasures told of between two steps; beyond: all are looked at */
};

/* What every statement of erased subjects takes and gives. */
struct from {
    struct str subject;
    int64_t most;
};

struct erasures {
    struct erasures_options options;
    struct arena *arena;
    char *begun;                        /* path of F.erased.begun */
    bool due;                           /* all are to be looked at */
    char said[SAID_MAX][ID_LENGTH + 1]; /* of whom an event said so … */
    size_t nsaid;                       /* … since the last step */
    bool unflushed;                     /* the log of changes may still hold what was deleted … */
    bool more;                          /* … since it was last tried */
    bool told;                          /* that the server leaves tables out */
    int64_t flushed;                    /* monotonic: when it was last tried */
};

/* --- the list --- */

static enum outcome list_add(const char *path, const char *text, size_t n, struct err *e)
{
    const int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return err_fault(e, "store.io", "open %s: %m", path);
    const bool good = io_write_all(fd, text, n) && fsync(fd) == 0;
    const enum outcome o = good ? OK : err_fault(e, "store.io", "write %s: %m", path);
    close(fd);
    return o == OK ? copy_sync_folder(path, e) : o;
}

static enum outcome list_subject(const char *path, struct str subject, struct err *e)
{
    char line[SUBJECT_MAX + 3]; /* a line of its own, also behind one that was cut short */
    const int n = snprintf(line, sizeof line, "\n%.*s\n", STR(subject));
    BUG_ON(n < 0 || (size_t)n >= sizeof line);
    return list_add(path, line, (size_t)n, e);
}

/* A line cut short by a crash names a subject whose key was not destroyed yet: it is named again,
 * on a line of its own. */
static enum outcome list_read(struct str *text, const char *path, struct arena *arena,
                              struct err *e)
{
    return copy_read(text, path, ERASE_LIST_MAX, arena, e);
}

static bool list_next(struct str *text, struct str *line)
{
    if (text->n == 0)
        return false;
    *line = str_cut(text, '\n');
    return true;
}

static bool list_names(struct str text, struct str subject)
{
    struct str line;
    while (list_next(&text, &line))
        if (str_eq(line, subject))
            return true;
    return false;
}

static enum outcome apply_line(struct keyring *keys, struct str line, int64_t *n, struct err *e)
{
    enum seal_key key;
    TRY(keyring_look(keys, line, &key, e));
    if (key != SEAL_KEY_LIVE)
        return OK;
    TRY(keyring_destroy(keys, line, e));
    (*n)++;
    return OK;
}

static enum outcome apply_list(struct keyring *keys, struct str text, const char *path, int64_t *n,
                               struct err *e)
{
    struct str line;
    int64_t number = 0;
    while (list_next(&text, &line)) {
        char digits[24];
        struct buf b = buf_over(digits, sizeof digits);
        buf_int(&b, ++number);
        if (line.n > 0 && !keyring_subject_valid(line))
            return REFUSE(e, "erase.list", { "path", str_z(path) }, { "line", buf_get(&b) });
        if (line.n > 0)
            TRY(apply_line(keys, line, n, e));
    }
    return keyring_renew(keys, (struct str){ 0 }, NULL, e);
}

enum outcome erase_list_apply(struct keyring *keys, const char *path, int64_t *n, struct err *e)
{
    struct str text;
    struct arena *arena = arena_new(LIST_ARENA_MAX);
    *n = 0;
    enum outcome o = arena ? list_read(&text, path, arena, e) : err_no_memory(e);
    if (o == OK)
        o = apply_list(keys, text, path, n, e);
    arena_free(arena);
    return o;
}

static enum outcome write_list(struct keyring *keys, const char *path, struct arena *arena,
                               struct err *e)
{
    struct str text = { 0 }, *erased;
    struct err absent = { 0 };
    size_t n;
    if (list_read(&text, path, arena, &absent) == FAULT) {
        *e = absent;
        return FAULT;
    }
    TRY(keyring_erased(keys, &erased, &n, arena, e));
    struct buf b = buf_in(arena, ERASE_LIST_MAX);
    for (size_t i = 0; i < n; i++)
        if (!list_names(text, erased[i])) {
            buf_str(&b, erased[i]);
            buf_char(&b, '\n');
        }
    TRY(buf_check(&b, e));
    return list_add(path, b.p, b.n, e);
}

enum outcome erase_list_write(struct keyring *keys, const char *path, struct err *e)
{
    struct arena *arena = arena_new(2 * LIST_ARENA_MAX);
    const enum outcome o = arena ? write_list(keys, path, arena, e) : err_no_memory(e);
    arena_free(arena);
    return o;
}

/* --- who is erased --- */

typedef enum outcome subject_fn(void *context, struct str subject, struct err *e);

static enum outcome each_of_rule(const struct erase_rule *rule, struct db *db, struct arena *arena,
                                 subject_fn *run, void *context, struct err *e)
{
    char last[SUBJECT_MAX + 2] = "";
    struct record_list list = { .n = PAGE };
    while (list.n == PAGE) {
        const struct from in = { str_z(last), PAGE };
        arena_reset(arena);
        TRY(db_list(db, rule->erased, &in, &list, PAGE, arena, e));
        const struct str *subjects = list.p;
        for (size_t i = 0; i < list.n; i++) {
            TRY(run(context, subjects[i], e));
            /* The next text behind it. */
            snprintf(last, sizeof last, "%.*s\x01", STR(subjects[i]));
        }
    }
    return OK;
}

static enum outcome each_erased(const struct registry *registry, struct db *db, struct arena *arena,
                                subject_fn *run, void *context, struct err *e)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < modules[i]->nerases; k++)
            TRY(each_of_rule(&modules[i]->erases[k], db, arena, run, context, e));
    return OK;
}

enum outcome erase_is(bool *out, const struct registry *registry, struct db *db, struct str subject,
                      struct arena *arena, struct err *e)
{
    size_t n;
    const struct module *const *modules = registry_modules(registry, &n);
    *out = false;
    for (size_t i = 0; i < n && !*out; i++)
        for (size_t k = 0; k < modules[i]->nerases && !*out; k++) {
            const struct from in = { subject, 1 };
            struct record_list list;
            TRY(db_list(db, modules[i]->erases[k].erased, &in, &list, 1, arena, e));
            *out = list.n == 1 && str_eq(*(const struct str *)list.p, subject);
        }
    return OK;
}

/* --- what follows --- */

/* What beside the key speaks of a subject whose key is destroyed. */
static enum outcome rest_forget(struct erasures *x, struct str subject, struct err *e)
{
    files_forget(x->options.files, subject);
    x->unflushed = x->more = true;
    return x->options.search ? search_forget(x->options.search, subject, e) : OK;
}

/* From before the key is destroyed until nothing is left, the subject stands in F.erased.begun. */
static enum outcome erase_one(void *context, struct str subject, struct err *e)
{
    struct erasures *x = context;
    enum seal_key key;
    TRY(keyring_look(x->options.keys, subject, &key, e));
    if (key != SEAL_KEY_LIVE)
        return OK;
    TRY(list_subject(x->begun, subject, e));
    TRY(list_subject(x->options.list, subject, e));
    TRY(keyring_destroy(x->options.keys, subject, e));
    TRY(rest_forget(x, subject, e));
    LOG(x->options.env, LOG_INFO, "erase.done", LOG_F_ID("subject", subject));
    return OK;
}

/* What a crash or a fault left behind the end of a key: the key alone does not tell any more. */
static enum outcome rest_resume(struct erasures *x, struct err *e)
{
    struct str text, line;
    struct arena *arena;
    if (access(x->begun, F_OK) != 0)
        return OK;
    arena = arena_new(LIST_ARENA_MAX);
    enum outcome o = arena ? list_read(&text, x->begun, arena, e) : err_no_memory(e);
    while (o == OK && list_next(&text, &line))
        if (keyring_subject_valid(line))
            o = rest_forget(x, line, e);
    x->unflushed = x->more = true;
    arena_free(arena);
    return o;
}

static enum outcome erase_said(struct erasures *x, struct err *e)
{
    for (size_t i = 0; i < x->nsaid && !x->due; i++) {
        const struct str subject = str_z(x->said[i]);
        bool erased;
        arena_reset(x->arena);
        TRY(erase_is(&erased, x->options.registry, x->options.writer, subject, x->arena, e));
        if (erased)
            TRY(erase_one(x, subject, e));
        x->due |= !erased;
    }
    return OK;
}

static enum outcome erase_due(struct erasures *x, struct err *e)
{
    TRY(rest_resume(x, e));
    TRY(erase_said(x, e));
    if (x->due)
        TRY(each_erased(x->options.registry, x->options.writer, x->arena, erase_one, x, e));
    TRY(keyring_renew(x->options.keys, (struct str){ 0 }, NULL, e));
    x->due = false;
    x->nsaid = 0;
    return OK;
}

/* What an erasure deletes from tables is in the search index alone. A table that the server leaves
 * out is for an administrator to mend: people's work goes on, and F.erased.begun stays. */
static enum outcome flush(struct erasures *x, bool *done, struct err *e)
{
    const bool more = x->more;
    x->more = false;
    const enum outcome o = db_flush(x->options.writer, search_module.schema, more, done, e);
    if (o == OK || strcmp(e->code, "store.not_vacuumed") != 0)
        return o;
    if (!x->told)
        log_err(x->options.env, "erase.not_flushed", e);
    x->told = true;
    *done = false;
    *e = (struct err){ 0 };
    return OK;
}

enum outcome erasures_step(struct erasures *x, struct err *e)
{
    const int64_t now = env_mono(x->options.env);
    bool done;
    if (x->due || x->nsaid > 0)
        TRY(erase_due(x, e));
    else if (!x->unflushed || now - x->flushed < (x->told ? ERASE_LEFT_OUT_US : ERASE_FLUSH_US))
        return OK;
    if (!x->unflushed)
        return OK;
    x->flushed = now;
    TRY(flush(x, &done, e));
    x->unflushed = !done;
    x->told = x->told && !done;
    if (done && unlink(x->begun) != 0 && errno != ENOENT)
        return err_fault(e, "store.io", "remove %s: %m", x->begun);
    return OK;
}

static void said(struct erasures *x, const struct gate_happened *event)
{
    const struct str subject = stream_id(stream_str(&event->key));
    if (x->nsaid == SAID_MAX || subject.n > ID_LENGTH)
        x->due = true;
    else
        snprintf(x->said[x->nsaid++], sizeof x->said[0], "%.*s", STR(subject));
}

void erasures_committed(struct erasures *x, const struct gate_happened *events, size_t n)
{
    size_t nmodules;
    const struct module *const *modules = registry_modules(x->options.registry, &nmodules);
    for (size_t i = 0; i < nmodules; i++)
        for (size_t k = 0; k < modules[i]->nerases; k++)
            for (size_t m = 0; m < n; m++)
                if (strcmp(events[m].type, modules[i]->erases[k].event) == 0)
                    said(x, &events[m]);
}

static enum outcome open_all(struct erasures *x, struct err *e)
{
    if (!x->arena || asprintf(&x->begun, "%s.begun", x->options.list) < 0)
        return err_no_memory(e);
    return x->options.follows ? OK : erasures_step(x, e);
}

enum outcome erasures_again(struct erasures *x, struct err *e)
{
    x->due = true;
    TRY(keyring_recheck(x->options.keys, e));
    return erasures_step(x, e);
}

enum outcome erasures_open(struct erasures **out, const struct erasures_options *options,
                           struct err *e)
{
    struct erasures *x = calloc(1, sizeof *x);
    if (!x)
        return err_no_memory(e);
    x->options = *options;
    x->due = true;
    x->arena = arena_new(STEP_ARENA_MAX);
    const enum outcome o = open_all(x, e);
    if (o == OK)
        *out = x;
    else
        erasures_close(x);
    return o;
}

void erasures_close(struct erasures *x)
{
    if (!x)
        return;
    arena_free(x->arena);
    free(x->begun);
    free(x);
}
