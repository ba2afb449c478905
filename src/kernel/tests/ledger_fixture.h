/* A ledger of its own for a test: a database in a folder of its own, a simulated clock, a fixed
 * key. Each function fails the test when it cannot do what it says. */
#ifndef VEIN_KERNEL_TESTS_LEDGER_FIXTURE_H
#define VEIN_KERNEL_TESTS_LEDGER_FIXTURE_H

#include "kernel/ledger.h"
#include "kernel/tests/test_db.h"

struct ledger_fixture {
    char dir[64];
    char path[TEST_DB_NAME_MAX];
    char vkey[256];
    struct env_sim sim;
    struct note_signer signer;
    struct store *store;
    struct db *db; /* the writer */
    struct ledger *ledger;
    struct arena *arena;
};

void ledger_fixture_open(struct ledger_fixture *f);
/* Closes and removes the folder. */
void ledger_fixture_close(struct ledger_fixture *f);

/* Opens the ledger, or the whole database, again. */
enum outcome ledger_fixture_reopen(struct ledger_fixture *f, struct err *e);
void ledger_fixture_restart(struct ledger_fixture *f);

/* One event of a stream, with the stream's own name as its key unless told. */
struct ledger_fixture_event {
    const char *stream;
    const char *key;     /* NULL: the stream */
    const char *payload; /* canonical JSON; NULL: {} */
};
enum outcome ledger_fixture_append(struct ledger_fixture *f, struct ledger_fixture_event what,
                                   int64_t expected, struct err *e);

/* Begins a group; ends it durably. */
void ledger_fixture_begin(struct ledger_fixture *f);
void ledger_fixture_commit(struct ledger_fixture *f);

/* Appends small events of one stream until the ledger has `size`, durably. */
void ledger_fixture_fill(struct ledger_fixture *f, uint64_t size);

/* Runs one statement on the writer, in a transaction of its own. */
void ledger_fixture_sql(struct ledger_fixture *f, const char *text);

#endif
