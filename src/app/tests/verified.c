#include "app/tests/verified.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "app/db_file.h"

void verified(struct verify_report *report, const char *db)
{
    const struct verify_options options = { 0 };
    struct db_file file;
    struct err e = { 0 };
    *report = (struct verify_report){ 0 };
    if (db_file_make(&file, db, &e) != OK)
        fail_msg("%s: %s", e.code, e.detail);
    const bool good = verify_db(file.path, &options, report);
    db_file_end(&file);
    if (!good)
        fail_msg("%s: %s", report->bad_item, report->reason);
}
