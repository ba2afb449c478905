/* Reads a .sql file of vein: named queries (`queries*.sql`, `<noun>.sql`) or a schema
 * (`*schema.sql`). Used by the generator and by the check that prepares every statement.
 *
 *   -- unit_holder (unit ID) -> (holder ID, since TIME)
 *   -- Who answers for the unit now.
 *   SELECT holder, since FROM custody_unit WHERE unit = :unit;
 *
 * A header may go on over further `--` lines until its parentheses close; what `--` lines follow
 * are comment. No `->`: the statement gives no rows. One statement a block, up to its `;`.
 *
 *   -- {here}
 *   u.site = :site AND u.ended IS NULL;
 *
 * is a part: wherever a statement below says {here}, its text stands. It declares nothing; its
 * parameters are those of each statement. A part holds no part.
 *
 * What is wrong is printed as file:line: text and ends the program with status 1. Memory is never
 * freed: the programs that use this read their files and end. */
#ifndef VEIN_TOOLS_SQLFILE_H
#define VEIN_TOOLS_SQLFILE_H

#include <stdbool.h>
#include <stddef.h>

enum { SQLFILE_NAME_MAX = 60, SQLFILE_FIELDS_MAX = 48, SQLFILE_BYTES_MAX = 1 << 20 };

struct sqlfile_field {
    char name[SQLFILE_NAME_MAX + 1];
    const char *kind; /* of base/record.h, without FIELD_ */
    int line;
    bool used;
};

struct sqlfile_fields {
    struct sqlfile_field row[SQLFILE_FIELDS_MAX];
    size_t n;
};

struct sqlfile_statement {
    char name[SQLFILE_NAME_MAX + 1]; /* empty in a schema */
    int line;                        /* of the header, in a schema of the first word */
    struct sqlfile_fields in;
    struct sqlfile_fields out;
    char *text;     /* without comments, blanks put together, without the `;`, with :name */
    char *numbered; /* with $1 … by the order of `in` */
};

struct sqlfile {
    const char *path;
    bool schema;
    struct sqlfile_statement *statement;
    size_t n;
};

struct sqlfile sqlfile_read(const char *path);

/* Prints path:line: text and ends the program. */
_Noreturn void sqlfile_fail(const char *path, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
