/* Tables, statements and small steps of the store's tests. */
#include "kernel/tests/store_conformance.h"

#define RECORDS "kernel/tests/store_rows.def"
#include "base/record_tables.h"

const struct sql_schema store_rows_schema = {
    "store_rows",
    "CREATE TABLE IF NOT EXISTS sample (number INTEGER PRIMARY KEY, text TEXT, code TEXT, id TEXT,"
    " flag INTEGER, at INTEGER, day TEXT, ratio TEXT, volume TEXT, hash TEXT, json TEXT,"
    " blob BLOB) STRICT;\n"
    "CREATE TABLE IF NOT EXISTS place (number INTEGER PRIMARY KEY, units INTEGER NOT NULL"
    " CHECK (units >= 0)) STRICT;\n"
    "CREATE INDEX IF NOT EXISTS place_units ON place (units);\n"
};

#define SAMPLE "number, text, code, id, flag, at, day, ratio, volume, hash, json, blob"

const struct sql sql_sample_add = {
    "test.sample_add",
    "INSERT INTO sample (" SAMPLE ") VALUES (:number, :text, :code, :id, :flag, :at, :day, :ratio,"
    " :volume, :hash, :json, :blob)",
    "INSERT INTO sample (" SAMPLE ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    &stored_record, NULL
};
const struct sql sql_sample_get = { "test.sample_get",
                                    "SELECT " SAMPLE " FROM sample WHERE number = :number",
                                    "SELECT " SAMPLE " FROM sample WHERE number = $1",
                                    &number_record, &stored_record };
/* The text names its parameters in another order than the record. */
const struct sql sql_place_add = { "test.place_add",
                                   "INSERT INTO place (units, number) VALUES (:units, :number)",
                                   "INSERT INTO place (units, number) VALUES ($2, $1)",
                                   &place_record, NULL };
const struct sql sql_place_set = { "test.place_set",
                                   "UPDATE place SET units = :units WHERE number = :number",
                                   "UPDATE place SET units = $2 WHERE number = $1", &place_record,
                                   NULL };
const struct sql sql_place_list = { "test.place_list",
                                    "SELECT number, units FROM place ORDER BY number",
                                    "SELECT number, units FROM place ORDER BY number", NULL,
                                    &place_record };
const struct sql sql_place_again = { "test.place_again",
                                     "SELECT number, units FROM place ORDER BY number DESC",
                                     "SELECT number, units FROM place ORDER BY number DESC", NULL,
                                     &place_record };
const struct sql sql_place_sum = { "test.place_sum",
                                   "SELECT CAST(coalesce(sum(units), 0) AS BIGINT) FROM place",
                                   "SELECT CAST(coalesce(sum(units), 0) AS BIGINT) FROM place",
                                   NULL, &number_record };
const struct sql sql_place_count = { "test.place_count", "SELECT count(*) FROM place",
                                     "SELECT count(*) FROM place", NULL, &number_record };

struct store *store_with_rows(const struct store_options *options)
{
    struct err e = { 0 };
    struct store *s = NULL;
    struct db *db = NULL;
    BUG_ON(store_open(&s, options, &e) != OK || store_writer(&db, s, &e) != OK);
    BUG_ON(db_begin(db, &e) != OK || db_schema(db, &store_rows_schema, &e) != OK ||
           db_commit(db, &e) != OK);
    db_close(db);
    return s;
}

void place_add(struct db *db, int64_t number, int64_t units)
{
    struct err e = { 0 };
    int64_t changed = 0;
    struct place in = { number, units };
    BUG_ON(db_run(db, &sql_place_add, &in, &changed, &e) != OK || changed != 1);
}

int64_t number_of(struct db *db, const struct sql *q)
{
    struct err e = { 0 };
    struct number out = { 0 };
    bool found = false;
    struct arena *arena = arena_new(1 << 16);
    BUG_ON(db_get(db, q, NULL, &out, arena, &found, &e) != OK || !found);
    arena_free(arena);
    return out.number;
}
