/* Structured logs; see log.h. A line is built on the stack and leaves by one write(2), so that
 * lines of threads never mix; up to 4,096 bytes that holds for pipes too (PIPE_BUF). A line that
 * cannot be written is lost: there is nowhere left to say so. JSON is escaped here and not by
 * json.h, because the log stands below everything that could fail. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/id.h"

enum { LOG_LINE_MAX = 4096 };

static const char log_tail[] = "}\n";
static const char log_tail_cut[] = ",\"cut\":true}\n";

static _Atomic int log_least = LOG_INFO;

static pthread_mutex_t sink_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*sink_write)(void *context, struct str line);
static void *sink_context;

void log_set_level(enum log_level level)
{
    atomic_store(&log_least, (int)level);
}

void log_set_sink(void (*sink)(void *context, struct str line), void *context)
{
    (void)pthread_mutex_lock(&sink_lock);
    sink_write = sink;
    sink_context = context;
    (void)pthread_mutex_unlock(&sink_lock);
}

static void write_line(struct str line)
{
    (void)pthread_mutex_lock(&sink_lock);
    void (*const sink)(void *context, struct str line) = sink_write;
    void *const context = sink_context;
    (void)pthread_mutex_unlock(&sink_lock);
    if (sink) {
        sink(context, line);
        return;
    }
    ssize_t written;
    do {
        written = write(STDERR_FILENO, line.p, line.n);
    } while (written < 0 && errno == EINTR);
}

/* A JSON string. What is not UTF-8 loses its bytes above 127 to "?", so that the line is JSON
 * whatever a library's message held. */
static void put_string(struct buf *b, struct str s)
{
    static const char escapes[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* character, letter behind "\" */
    const bool utf8 = str_utf8_valid(s);
    buf_char(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        const uint8_t c = (uint8_t)s.p[i];
        size_t at = 0;
        while (escapes[at] != '\0' && escapes[at] != s.p[i])
            at += 2;
        if (c != 0 && escapes[at] != '\0') {
            buf_char(b, '\\');
            buf_char(b, escapes[at + 1]);
        } else if (c < 0x20) {
            buf_printf(b, "\\u%04x", c);
        } else {
            buf_char(b, c >= 0x80 && !utf8 ? '?' : s.p[i]);
        }
    }
    buf_char(b, '"');
}

static void put_name(struct buf *b, const char *name)
{
    buf_char(b, ',');
    put_string(b, str_z(name));
    buf_char(b, ':');
}

static void put_field(struct buf *b, const struct log_field *f)
{
    struct hash unused;
    put_name(b, f->name);
    switch (f->kind) {
    case LOG_INT:
        buf_int(b, f->number);
        return;
    case LOG_CODE:
        put_string(b, str_z(f->code));
        return;
    case LOG_ID:
        put_string(b, id_valid(f->id) ? f->id : S("?"));
        return;
    case LOG_HASH:
        put_string(b, hash_from_hex(&unused, f->id) ? f->id : S("?"));
        return;
    case LOG_END:
        break;
    }
    BUG_ON(true);
}

static void put_fields(struct buf *b, bool *cut, const struct log_field *fields)
{
    for (const struct log_field *f = fields; f->kind != LOG_END && !*cut; f++) {
        struct buf trial = *b; /* over the same storage: kept only if the field went in whole */
        put_field(&trial, f);
        *cut = !buf_ok(&trial);
        if (!*cut)
            *b = trial;
    }
}

/* Detail is NULL but for faults: no caller outside this file can log text. */
static void log_line(const struct env *env, enum log_level level, const char *what,
                     const struct log_field *fields, const char *detail)
{
    static const char *const names[] = { "debug", "info", "warning", "error" };
    if ((int)level < atomic_load(&log_least))
        return;
    char storage[LOG_LINE_MAX];
    struct buf b = buf_over(storage, sizeof storage - sizeof log_tail_cut);
    bool cut = false;
    buf_z(&b, "{\"time\":\"");
    clock_write(&b, env_now(env));
    buf_z(&b, "\",\"level\":\"");
    buf_z(&b, names[level]);
    buf_z(&b, "\",\"event\":");
    put_string(&b, str_z(what));
    BUG_ON(!buf_ok(&b));
    put_fields(&b, &cut, fields);
    if (detail && !cut) {
        struct buf trial = b;
        put_name(&trial, "detail");
        put_string(&trial, str_z(detail));
        cut = !buf_ok(&trial);
        if (!cut)
            b = trial;
    }
    struct buf whole = buf_over(storage, sizeof storage);
    whole.n = b.n;
    buf_z(&whole, cut ? log_tail_cut : log_tail);
    write_line(buf_get(&whole));
}

void log_write(const struct env *env, enum log_level level, const char *what,
               const struct log_field *fields)
{
    log_line(env, level, what, fields, NULL);
}

void log_err(const struct env *env, const char *what, const struct err *e)
{
    const struct log_field fields[] = { LOG_F_CODE("code", e->code), { .kind = LOG_END } };
    if (e->outcome == FAULT)
        log_line(env, LOG_ERROR, what, fields, e->detail);
    else
        log_line(env, LOG_DEBUG, what, fields, NULL);
}
