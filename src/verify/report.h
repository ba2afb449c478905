/* The first bad thing found wins; every check returns false through verify_bad. */
#ifndef VEIN_VERIFY_REPORT_H
#define VEIN_VERIFY_REPORT_H

#include "verify/verify.h"

/* Always false. Control characters and bytes beyond ASCII are shown as '?'. */
bool verify_bad(struct verify_report *r, const char *item, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
