/* Structured logs: one JSON object per line on standard error. They cannot hold personal data: a
 * field is a number, an identifier, a static code, or the detail of a fault (which our own format
 * strings made, from no personal value); there is no field for free text. */
#ifndef VEIN_BASE_LOG_H
#define VEIN_BASE_LOG_H

#include "base/env.h"
#include "base/err.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

enum log_kind { LOG_END, LOG_INT, LOG_CODE, LOG_ID, LOG_HASH };

struct log_field {
    enum log_kind kind;
    const char *name; /* static */
    int64_t number;
    const char *code; /* static */
    struct str id;    /* a UUID, or a hash's 64 digits; anything else is written as "?" */
};

#define LOG_F_INT(n, v)                                                                            \
    {                                                                                              \
        .kind = LOG_INT, .name = (n), .number = (v)                                                \
    }
#define LOG_F_CODE(n, c)                                                                           \
    {                                                                                              \
        .kind = LOG_CODE, .name = (n), .code = (c)                                                 \
    }
#define LOG_F_ID(n, i)                                                                             \
    {                                                                                              \
        .kind = LOG_ID, .name = (n), .id = (i)                                                     \
    }
#define LOG_F_HASH(n, h)                                                                           \
    {                                                                                              \
        .kind = LOG_HASH, .name = (n), .id = (h)                                                   \
    }

/* Writes {"time":…,"level":…,"event":what,…}. `what` is static: "gate.group_committed". A line
 * has at most 4,096 bytes and leaves by one write(2); fields that find no room are left out and
 * the line ends with "cut":true. */
void log_write(const struct env *env, enum log_level level, const char *what,
               const struct log_field *fields);
#define LOG(env, level, what, ...)                                                                 \
    log_write((env), (level), (what),                                                              \
              (const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ){ .kind = LOG_END } })

/* A fault with its code and detail, at LOG_ERROR. A refusal logs its code at LOG_DEBUG. */
void log_err(const struct env *env, const char *what, const struct err *e);

/* Nothing below this level is written; LOG_INFO at start. */
void log_set_level(enum log_level level);

/* Where lines go instead of standard error; for tests. NULL: standard error again. */
void log_set_sink(void (*sink)(void *context, struct str line), void *context);

#endif
