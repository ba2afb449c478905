#include "app/tests/storm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/tests/bundle_folder.h"

enum { ARENA = 64 << 20, SCRATCH = 64 << 20, CALM_TURNS = 16 };

uint32_t storm_draw(struct storm *w, uint32_t below)
{
    return power_draw(&w->rng, below);
}

void storm_tell(const struct storm *w, const char *format, ...)
{
    va_list list;
    if (!w->o.tell)
        return;
    fprintf(stderr, "%6u  ", w->turn);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
}

void storm_wrong(struct storm *w, const char *format, ...)
{
    va_list list;
    if (w->verdict[0])
        return;
    va_start(list, format);
    vsnprintf(w->verdict, sizeof w->verdict, format, list);
    va_end(list);
    storm_tell(w, "WRONG: %s", w->verdict);
}

static bool spared(const struct storm *w, unsigned draw)
{
    for (size_t i = 0; i < w->o.nspared; i++)
        if (w->o.spared[i].turn == w->turn && w->o.spared[i].draw == draw)
            return true;
    return false;
}

bool storm_fault(struct storm *w, unsigned per, const char *format, ...)
{
    const unsigned draw = w->draws++;
    va_list list;
    if (w->calm || storm_draw(w, 1000) >= per || w->nfaults == STORM_FAULTS_MAX || spared(w, draw))
        return false;
    struct storm_fault *f = &w->faults[w->nfaults++];
    f->turn = w->turn;
    f->draw = draw;
    va_start(list, format);
    vsnprintf(f->what, sizeof f->what, format, list);
    va_end(list);
    storm_tell(w, "-- %s", f->what);
    return true;
}

/* Up to a day either way; in the end right again. */
static void clock_goes(struct storm *w)
{
    if (w->skew != 0 && (w->calm || storm_draw(w, 6) == 0)) {
        env_sim_step_clock(&w->env, -w->skew);
        w->skew = 0;
        storm_tell(w, "the clock is right again");
    } else if (w->skew == 0 && storm_fault(w, 25, "the clock is wrong")) {
        w->skew = ((int64_t)storm_draw(w, 2 * 1440) - 1440) * TIME_MINUTE;
        env_sim_step_clock(&w->env, w->skew);
    }
}

/* Somebody outside keeps the newest checkpoint. */
static void published(struct storm *w)
{
    struct err e = { 0 };
    struct str note = { 0 };
    struct checkpoint c;
    struct db *db;
    arena_reset(w->scratch);
    if (w->nnotes == STORM_NOTES_MAX || store_reader_take(&db, w->node.store, &e) != OK)
        return;
    if (ledger_last_checkpoint(db, &note, w->scratch, &e) == OK && note.p &&
        note.n < STORM_NOTE_SIZE && checkpoint_read(&c, note, &e) == OK &&
        (w->nnotes == 0 || w->notes[w->nnotes - 1].size != c.size)) {
        memcpy(w->notes[w->nnotes].text, note.p, note.n);
        w->notes[w->nnotes++].size = c.size;
    }
    store_reader_give(w->node.store, db);
}

/* Time goes to what people do next, half a day at most; now and then only to what the node has to
 * do before. When all is calm what failed before is tried again, however long that takes. */
static void time_goes(struct storm *w, int64_t next)
{
    struct err e = { 0 };
    int64_t due = TIME_NONE;
    const int64_t now = env_now(&w->env.env);
    const int64_t least = w->calm ? TIME_HOUR : TIME_MINUTE;
    if (storm_draw(w, 4) == 0 && node_next(&w->node, &due, &e) == OK && due != TIME_NONE &&
        (next == TIME_NONE || due < next))
        next = due;
    if (next == TIME_NONE || next > now + TIME_DAY / 2)
        next = now + TIME_DAY / 2;
    env_sim_advance(&w->env, next - now > least ? next - now : least);
}

/* People do the next thing that is due. *next: when one is due then. */
static void people_act(struct storm *w, int64_t *next)
{
    struct err e = { 0 };
    *next = TIME_NONE;
    if (!w->sim && !storm_people_come(w))
        return;
    const unsigned life = w->life;
    const enum outcome o = sim_step(w->sim, 2, next, &e);
    if (o == OK && w->life == life)
        return;
    if (o != OK)
        storm_tell(w, "what people did ended with %s", e.code);
    storm_people_leave(w); /* they look anew at what is there */
    *next = TIME_NONE;
}

static void turn(struct storm *w)
{
    int64_t next;
    w->rng = w->o.seed * UINT64_C(0x9e3779b97f4a7c15) + w->turn;
    w->draws = 0;
    w->turn_began = power_disk_length(w->disk);
    clock_goes(w);
    (void)storm_arm(w);
    people_act(w, &next);
    w->hasty = false;
    if (storm_draw(w, 4) == 0 && !w->calm)
        storm_message(w);
    storm_hurry(w);
    storm_late(w, w->calm);
    const bool well = storm_settle(w);
    storm_disarm();
    if (!well || storm_fault(w, 40, "the machine goes down")) {
        storm_people_leave(w);
        storm_lose(w);
    }
    if (!w->open)
        return;
    published(w);
    time_goes(w, next);
}

void storm_run(struct storm *w, const struct storm_options *options)
{
    memset(w, 0, sizeof *w);
    w->o = *options;
    w->arena = arena_new(ARENA);
    w->scratch = arena_new(SCRATCH);
    BUG_ON(!w->arena || !w->scratch);
    storm_begin(w);
    for (; w->turn < w->o.turns && !w->verdict[0]; w->turn++)
        turn(w);
    w->calm = true;
    for (; w->turn < w->o.turns + CALM_TURNS && !w->verdict[0]; w->turn++)
        turn(w);
    if (!w->verdict[0])
        storm_check(w);
}

void storm_free(struct storm *w)
{
    w->calm = true;
    storm_people_leave(w);
    if (w->open)
        node_close(&w->node);
    power_disk_free(w->disk);
    storm_partner_free(w);
    arena_free(w->arena);
    arena_free(w->scratch);
    bundle_remove(w->folder);
}
