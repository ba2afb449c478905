/* Each thing that a node asks of the machine fails once, and from then on for good: memory, files,
 * reads, writes, syncs, statements; the first, the second, the third … of a small day's work. Every
 * time it must neither crash nor hang nor leak, say so by a fault, lose nothing that it
 * acknowledged and do nothing by halves; and when the fault has passed, after a restart where it
 * says so, all the work is done, once. A failed sync is never tried again: nothing is written after
 * it.
 *
 * The ordinary run takes some of each kind, evenly; VEIN_FULL=1 takes all. One alone, in this
 * process: VEIN_NTH=write:17:once, or :lasts. What other libraries than SQLite ask for themselves
 * does not fail here. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/tests/nth_fault.h"
#include "app/tests/nth_work.h"
#include "base/log.h"
#include "base/tests/folder.h"
#include "base/tests/sanitized.h"
#include "kernel/text.h"

#if SANITIZED
#include <sanitizer/lsan_interface.h>
#endif

enum {
    PICKED = SANITIZED ? 4 : 12, /* of each kind, once and lasting each */
    PATIENCE_S = 120,
    WRONG_MAX = 10,
};

/* What a child tells. */
static struct told {
    bool struck;
    bool ended;
    size_t count[NTH_KINDS];
    char step[60];
    char wrong[800];
} * told;

/* --- one life --- */

static struct nth_work work;
static char folder[64];

/* Whether the step came to its end; false: to a fault that has a reason. */
static bool ends(const struct nth_step *s, struct err *e)
{
    const enum outcome o = nth_work_try(&work, s, e);
    if (s->refused ? o == REFUSED && strcmp(e->code, s->refused) == 0 : o == OK)
        return true;
    if (o != FAULT || !e->code || !nth_struck())
        nth_work_wrong(&work, "%s: outcome %d, %s %s", s->name, (int)o, e->code ? e->code : "",
                       e->detail);
    return false;
}

/* After a sync that failed nobody is acknowledged, and nothing is written or synced again. */
static void stands_still(void)
{
    const struct nth_step *last = &nth_steps[nth_nsteps - 1];
    const size_t before = nth_count(NTH_WRITE) + nth_count(NTH_SYNC);
    for (int i = 0; i < 3; i++) {
        struct err e = { 0 };
        if (nth_work_try(&work, last, &e) != FAULT)
            nth_work_wrong(&work, "it goes on after a failed sync");
    }
    if (nth_count(NTH_WRITE) + nth_count(NTH_SYNC) != before)
        nth_work_wrong(&work, "it writes after a failed sync");
}

static void lives_through(const struct nth_step *s, bool syncs, bool lasts)
{
    struct err e = { 0 };
    snprintf(told->step, sizeof told->step, "%s", s->name);
    if (ends(s, &e))
        return;
    if (syncs && strcmp(nth_struck_call(), "vfs") == 0 && s->commits && work.open)
        stands_still();
    work.unsynced = work.begun && strcmp(nth_struck_call(), "fdatasync") == 0;
    if (ends(s, &e))
        return;
    if (lasts) {
        if (nth_work_open(&work, &e) == OK)
            (void)!ends(s, &e);
        nth_work_close(&work);
        nth_disarm();
    }
    if (nth_work_open(&work, &e) != OK)
        nth_work_wrong(&work, "%s, opened again: %s %s", s->name, e.code, e.detail);
    else if (!ends(s, &e))
        nth_work_wrong(&work, "%s, after a restart: %s %s", s->name, e.code, e.detail);
}

static void live(enum nth_kind kind, size_t nth, bool lasts)
{
    nth_work_begin(&work, folder);
    nth_arm(kind, nth, lasts);
    for (size_t i = 0; i < nth_nsteps && !work.wrong.p; i++)
        lives_through(&nth_steps[i], kind == NTH_SYNC, lasts);
    nth_disarm();
    told->struck = nth_struck();
    for (int i = 0; i < NTH_KINDS; i++)
        told->count[i] = nth_count((enum nth_kind)i);
    if (!work.wrong.p) {
        snprintf(told->step, sizeof told->step, "at the end");
        nth_work_whole(&work);
    }
    if (work.wrong.p)
        snprintf(told->wrong, sizeof told->wrong, "%.*s", STR(work.wrong));
    nth_work_end(&work);
    told->ended = true;
}

/* --- many --- */

_Noreturn static void child(enum nth_kind kind, size_t nth, bool lasts)
{
    alarm(PATIENCE_S);
    live(kind, nth, lasts);
#if SANITIZED
    if (__lsan_do_recoverable_leak_check() != 0)
        _exit(3);
#endif
    _exit(0);
}

static void say(enum nth_kind kind, size_t nth, bool lasts, int status)
{
    const bool died = WIFSIGNALED(status);
    printf("# VEIN_NTH=%s:%zu:%s: %s: %s (%s %d)\n", nth_kind_names[kind], nth,
           lasts ? "lasts" : "once", told->step,
           told->wrong[0] ? told->wrong
           : died         ? "it dies"
                          : "it ends, or leaks",
           died ? "signal" : "status", died ? WTERMSIG(status) : WEXITSTATUS(status));
}

/* Whether all held; what did not is said. */
static bool holds(enum nth_kind kind, size_t nth, bool lasts)
{
    int status = 0;
    memset(told, 0, sizeof *told);
    test_folder(folder, sizeof folder, "nth");
    fflush(NULL);
    const pid_t pid = fork();
    if (pid == 0)
        child(kind, nth, lasts);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    fixture_remove(folder);
    if (status == 0 && told->ended && told->wrong[0] == '\0')
        return true;
    say(kind, nth, lasts, status);
    return false;
}

/* Of a kind: the first three, then evenly up to the last; or all.
 * partial: OPS-01, ORC-04: a backup that fails leaves nothing behind, a timer fires once. */
static void each(enum nth_kind kind)
{
    const char *full = getenv("VEIN_FULL");
    assert_true(holds(kind, 0, false)); /* nothing fails: how many there are */
    const size_t all = told->count[kind];
    const size_t stride = full && strcmp(full, "1") == 0 ? 1 : all / PICKED + 1;
    int wrong = 0;
    size_t tried = 0;
    bool struck = true;
    assert_true(all > 0);
    for (size_t nth = 1; struck && wrong < WRONG_MAX; nth += nth < 3 ? 1 : stride) {
        wrong += !holds(kind, nth, false);
        struck = told->struck || wrong > 0;
        wrong += !holds(kind, nth, true);
        tried++;
        if (nth > 2 * all)
            break;
    }
    printf("# %s: %zu in the work, %zu of them failed, once and lasting\n", nth_kind_names[kind],
           all, tried - 1);
    assert_int_equal(wrong, 0);
}

#define CASE(name, kind)                                                                           \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        each(kind);                                                                                \
    }
CASE(a_piece_of_memory_is_not_there, NTH_PIECE)
CASE(memory_is_not_there, NTH_HEAP)
CASE(a_file_does_not_open, NTH_OPEN)
CASE(a_read_fails, NTH_READ)
CASE(a_write_fails, NTH_WRITE)
CASE(a_sync_fails, NTH_SYNC)
CASE(a_statement_fails, NTH_STEP)

/* VEIN_NTH: in this process, for a debugger. */
static int alone(const char *which)
{
    struct str how = str_z(which);
    const struct str kind = str_cut(&how, ':');
    const struct str number = str_cut(&how, ':');
    int64_t nth;
    if (!str_to_u63(&nth, number))
        return 2;
    test_folder(folder, sizeof folder, "nth");
    for (int i = 0; i < NTH_KINDS; i++)
        if (str_is(kind, nth_kind_names[i]))
            live((enum nth_kind)i, (size_t)nth, str_is(how, "lasts"));
    printf("%s: %s\n", told->struck ? told->step : "nothing failed", told->wrong);
    for (int i = 0; i < NTH_KINDS; i++)
        printf("%s %zu\n", nth_kind_names[i], told->count[i]);
    fixture_remove(folder);
    return told->wrong[0] ? 1 : 0;
}

static void unheard(void *context, struct str line)
{
    (void)context;
    (void)line;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_piece_of_memory_is_not_there),
        cmocka_unit_test(memory_is_not_there),
        cmocka_unit_test(a_file_does_not_open),
        cmocka_unit_test(a_read_fails),
        cmocka_unit_test(a_write_fails),
        cmocka_unit_test(a_sync_fails),
        cmocka_unit_test(a_statement_fails),
    };
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (told == MAP_FAILED)
        return 2;
    text_use(text_rows, text_rows_count);
    nth_install();
    if (getenv("VEIN_NTH"))
        return alone(getenv("VEIN_NTH"));
    log_set_sink(unheard, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
