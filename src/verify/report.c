/* What was found bad, as one printable line. */
#include "verify/report.h"

#include <stdarg.h>
#include <stdio.h>

static void printable(char *s)
{
    for (; *s; s++)
        if (*s < ' ' || *s > '~')
            *s = '?';
}

bool verify_bad(struct verify_report *r, const char *item, const char *format, ...)
{
    if (r->bad_item[0])
        return false;
    va_list args;
    va_start(args, format);
    snprintf(r->bad_item, sizeof r->bad_item, "%s", item);
    vsnprintf(r->reason, sizeof r->reason, format, args);
    va_end(args);
    printable(r->bad_item);
    printable(r->reason);
    return false;
}
