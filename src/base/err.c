/* Errors are values: everything stands in the caller's struct err, nothing in a global. What is
 * too long is cut at a character, so that cut text stays well-formed UTF-8. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* Longest beginning of s within max bytes that splits no UTF-8 character. */
static size_t cut_length(struct str s, size_t max)
{
    if (s.n <= max)
        return s.n;
    size_t n = max;
    while (n > 0 && ((uint8_t)s.p[n] & 0xC0) == 0x80)
        n--;
    return n;
}

static void copy_cut(char *to, size_t size, struct str from)
{
    const size_t n = cut_length(from, size - 1);
    if (n > 0)
        memcpy(to, from.p, n);
    to[n] = '\0';
}

/* vsnprintf that cuts at a character. */
__attribute__((format(printf, 3, 0))) static void format_cut(char *to, size_t size,
                                                             const char *format, va_list args)
{
    char wide[ERR_DETAIL_MAX + 4]; /* one whole character more than fits */
    const int length = vsnprintf(wide, sizeof wide, format, args);
    BUG_ON(length < 0);
    copy_cut(to, size, str_z(wide));
}

enum outcome err_refuse(struct err *e, const char *code, const struct err_param *params)
{
    *e = (struct err){ .outcome = REFUSED, .code = code };
    for (const struct err_param *p = params; p->name; p++) {
        BUG_ON(e->nparams == ERR_PARAMS_MAX);
        e->params[e->nparams].name = p->name;
        copy_cut(e->params[e->nparams].value, ERR_VALUE_MAX, p->value);
        e->nparams++;
    }
    return REFUSED;
}

enum outcome err_fault(struct err *e, const char *code, const char *format, ...)
{
    char detail[ERR_DETAIL_MAX]; /* the arguments may point into e */
    va_list args;
    va_start(args, format);
    format_cut(detail, sizeof detail, format, args);
    va_end(args);
    *e = (struct err){ .outcome = FAULT, .code = code };
    memcpy(e->detail, detail, sizeof detail);
    return FAULT;
}

enum outcome err_context(struct err *e, const char *format, ...)
{
    BUG_ON(e->outcome == OK);
    char joined[2 * ERR_DETAIL_MAX];
    va_list args;
    va_start(args, format);
    format_cut(joined, ERR_DETAIL_MAX, format, args);
    va_end(args);
    const size_t n = strlen(joined);
    if (e->detail[0] != '\0')
        (void)snprintf(joined + n, sizeof joined - n, ": %s", e->detail);
    copy_cut(e->detail, sizeof e->detail, str_z(joined));
    return e->outcome;
}

enum outcome err_no_memory(struct err *e)
{
    return err_fault(e, "base.no_memory", "memory or an arena's maximum is exhausted");
}

struct str err_param(const struct err *e, const char *name)
{
    for (size_t i = 0; i < e->nparams; i++) {
        if (strcmp(e->params[i].name, name) == 0)
            return str_z(e->params[i].value);
    }
    return (struct str){ 0 };
}

void bug(const char *file, int line, const char *what)
{
    (void)fprintf(stderr, "bug at %s:%d: %s\n", file, line, what);
    abort();
}
