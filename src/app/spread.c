#include "app/spread.h"

#define HERE(table)
static const struct store_spread rows[] = {
#define BY(table, column)           { #table, #column, NULL },
#define REKEYED(table, column, key) { #table, #column, #key },
#define WHOLE(table)                { #table, NULL, NULL },
#include "app/spread.def"
#undef BY
#undef REKEYED
#undef WHOLE
};
#undef HERE

#define BY(table, column)
#define REKEYED(table, column, key)
#define WHOLE(table)
static const char *const here[] = {
#define HERE(table) #table,
#include "app/spread.def"
};

const struct store_spread *spread_rows(size_t *n)
{
    *n = sizeof rows / sizeof rows[0];
    return rows;
}

const char *const *spread_here(size_t *n)
{
    *n = sizeof here / sizeof here[0];
    return here;
}
