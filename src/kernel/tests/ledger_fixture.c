#include "base/tests/folder.h"
#include "kernel/tests/ledger_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { START_S = 1795339800 };

static void must(enum outcome o, const struct err *e)
{
    if (o != OK)
        fail_msg("%s: %s", e->code, e->detail);
}

static void open_database(struct ledger_fixture *f)
{
    const struct store_options options = { .path = f->path, .create = true };
    struct err e = { 0 };
    must(store_open(&f->store, &options, &e), &e);
    must(store_writer(&f->db, f->store, &e), &e);
    must(db_begin(f->db, &e), &e);
    must(db_schema(f->db, &ledger_schema, &e), &e);
    must(db_commit(f->db, &e), &e);
}

static void close_database(struct ledger_fixture *f)
{
    ledger_close(f->ledger);
    f->ledger = NULL;
    db_close(f->db);
    store_close(f->store);
}

enum outcome ledger_fixture_reopen(struct ledger_fixture *f, struct err *e)
{
    const struct ledger_options options = { .env = &f->sim.env,
                                            .node = S("n1"),
                                            .signer = &f->signer };
    ledger_close(f->ledger);
    f->ledger = NULL;
    return ledger_open(&f->ledger, f->db, &options, e);
}

void ledger_fixture_restart(struct ledger_fixture *f)
{
    struct err e = { 0 };
    close_database(f);
    open_database(f);
    must(ledger_fixture_reopen(f, &e), &e);
}

void ledger_fixture_open(struct ledger_fixture *f)
{
    const uint8_t seed[32] = { 7 };
    struct err e = { 0 };
    *f = (struct ledger_fixture){ 0 };
    test_folder(f->dir, sizeof f->dir, "ledger");
    char files[96];
    snprintf(files, sizeof files, "%s/vein.db", f->dir);
    test_db_name(f->path, files);
    env_sim_init(&f->sim, 1, START_S * TIME_SECOND);
    must(note_signer_init(&f->signer, S("vein.example/n1"), seed, &e), &e);
    struct buf vkey = buf_over(f->vkey, sizeof f->vkey - 1);
    note_vkey_write(&vkey, &f->signer);
    f->arena = arena_new(64 << 20);
    assert_non_null(f->arena);
    open_database(f);
    must(ledger_fixture_reopen(f, &e), &e);
}

void ledger_fixture_close(struct ledger_fixture *f)
{
    char command[96];
    close_database(f);
    arena_free(f->arena);
    snprintf(command, sizeof command, "rm -rf %s", f->dir);
    assert_int_equal(system(command), 0);
}

enum outcome ledger_fixture_append(struct ledger_fixture *f, struct ledger_fixture_event what,
                                   int64_t expected, struct err *e)
{
    int64_t now_us = f->sim.now_us, sequence;
    struct event event;
    record_clear(&event_record, &event);
    event.id = event.command = event.organisation = S("0193a4c0-0000-7000-8000-000000000001");
    event.stream = str_z(what.stream);
    event.key = str_z(what.key != NULL ? what.key : what.stream);
    event.type = S("test.happened");
    event.type_version = 1;
    event.happened = event.entered = now_us;
    event.actor = S("account/test");
    event.payload = str_z(what.payload != NULL ? what.payload : "{}");
    arena_reset(f->arena);
    return ledger_append(f->ledger, f->db, &event, expected, &sequence, f->arena, e);
}

void ledger_fixture_begin(struct ledger_fixture *f)
{
    struct err e = { 0 };
    must(db_begin(f->db, &e), &e);
}

void ledger_fixture_commit(struct ledger_fixture *f)
{
    struct err e = { 0 };
    must(ledger_prepare(f->ledger, f->db, &e), &e);
    must(db_commit(f->db, &e), &e);
    ledger_committed(f->ledger);
}

void ledger_fixture_fill(struct ledger_fixture *f, uint64_t size)
{
    struct err e = { 0 };
    while (ledger_size(f->ledger) < size) {
        uint64_t missing = size - ledger_size(f->ledger);
        ledger_fixture_begin(f);
        for (uint64_t i = 0; i < missing && i < 1000; i++)
            must(ledger_fixture_append(f, (struct ledger_fixture_event){ .stream = "unit/many" },
                                       -1, &e),
                 &e);
        ledger_fixture_commit(f);
    }
}

void ledger_fixture_sql(struct ledger_fixture *f, const char *text)
{
    char words[TEST_DB_SQL_MAX];
    test_db_words(words, text);
    const struct sql_schema script = { .name = "test", .text = words };
    struct err e = { 0 };
    must(db_begin(f->db, &e), &e);
    must(db_schema(f->db, &script, &e), &e);
    must(db_commit(f->db, &e), &e);
}
