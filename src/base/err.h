/* Three outcomes, three mechanisms.
 *
 *   refusal  a rule says no: expected, shown to whoever asked, with a code from the catalogue and
 *            its parameters. Never a fault, never logged as one.
 *   fault    the world failed (disk, peer, memory, corruption): propagated upward, logged with
 *            its detail, answered with 5xx. What was asked may or may not work later.
 *   bug      the program is wrong: BUG_ON stops it, in released builds too. Never used on bytes
 *            from outside: those are refused.
 *
 * Every function that can refuse or fail returns `enum outcome` and takes `struct err *` last.
 * A callee fills the error once; callers add context with err_context and never replace it. */
#ifndef VEIN_BASE_ERR_H
#define VEIN_BASE_ERR_H

#include "base/str.h"

enum [[nodiscard]] outcome{ OK = 0, REFUSED = 1, FAULT = 2 };

enum {
    ERR_PARAMS_MAX = 6,
    ERR_VALUE_MAX = 96,   /* bytes of one parameter; longer values are cut */
    ERR_DETAIL_MAX = 480, /* bytes of detail for the log */
};

struct err_param {
    const char *name; /* static */
    struct str value;
};

/* Zero-initialise: struct err e = { 0 }. Holds no pointer to what its parameters were made of. */
struct err {
    enum outcome outcome;
    const char *code; /* static, "module.what": key of the text and its hint in the catalogue */
    size_t nparams;
    struct {
        const char *name;
        char value[ERR_VALUE_MAX];
    } params[ERR_PARAMS_MAX];
    char detail[ERR_DETAIL_MAX]; /* for the log only, never shown */
};

/* Fills e and returns REFUSED. Parameters are shown to people: never personal data. Use
 *   return REFUSE(e, "custody.not_holder", { "unit", id }, { "holder", holder });            */
enum outcome err_refuse(struct err *e, const char *code, const struct err_param *params);
#define REFUSE(e, code, ...)                                                                       \
    err_refuse((e), (code),                                                                        \
               (const struct err_param[]){ __VA_ARGS__ __VA_OPT__(, ){ NULL, { NULL, 0 } } })

/* Fills e and returns FAULT; the detail goes to the log only and holds no personal data. */
enum outcome err_fault(struct err *e, const char *code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "what: " before the detail, and returns e->outcome. */
enum outcome err_context(struct err *e, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Memory or an arena's maximum is exhausted: a fault "base.no_memory". */
enum outcome err_no_memory(struct err *e);

/* Value of a parameter, absent when there is none of that name. */
struct str err_param(const struct err *e, const char *name);

/* Leaves the calling function with whatever expr was, if it was not OK. */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        enum outcome try_outcome_ = (expr);                                                        \
        if (try_outcome_ != OK)                                                                    \
            return try_outcome_;                                                                   \
    } while (0)

/* A bug: says where and what on standard error and aborts. */
_Noreturn void bug(const char *file, int line, const char *what);
#define BUG_ON(condition)                                                                          \
    do {                                                                                           \
        if (__builtin_expect(!!(condition), 0))                                                    \
            bug(__FILE__, __LINE__, #condition);                                                   \
    } while (0)

#endif
