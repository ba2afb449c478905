/* All slots of the keyring at a start: of a million patients as many, 256 MB. Each is checked then,
 * since the table must not lack whom an altered name hides: they would be given a second key. Read
 * one by one they cost more than the rest of a start; here they are read by blocks, and the codes,
 * which are most of the work, are shared among the processors. */
#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "kernel/keyring_file.h"

enum {
    BLOCK = 256,      /* slots read at once, 64 KiB */
    SHARE_MIN = 4096, /* fewer are not worth a thread */
    SHARES_MAX = 8,
};

enum outcome slots_each(const struct keyring *k, uint32_t from, uint32_t to, slots_fn *run,
                        void *context, struct err *e)
{
    struct slot block[BLOCK];
    while (from < to) {
        const uint32_t wanted = to - from < BLOCK ? to - from : BLOCK;
        errno = 0; /* stays so when the file ends before */
        const ssize_t got =
            pread(k->fd, block, (size_t)wanted * SLOT_SIZE, (off_t)from * SLOT_SIZE);
        if (got < SLOT_SIZE)
            return err_fault(e, "seal.io", "read slot %u of the keyring: %m", from);
        const uint32_t n = (uint32_t)(got / SLOT_SIZE);
        for (uint32_t i = 0; i < n; i++)
            TRY(run(context, &block[i], e));
        from += n;
    }
    return OK;
}

struct share {
    const struct keyring *k;
    uint32_t at, to;
    pthread_t thread;
    bool threaded;
    struct err e;
};

/* slot_load says what is wrong with one that is not sound. */
static enum outcome check_one(void *context, const struct slot *slot, struct err *e)
{
    struct share *s = context;
    struct slot again;
    const uint32_t index = s->at++;
    return slot_sound(s->k, slot, index) ? OK : slot_load(s->k, &again, index, e);
}

static void *check(void *context)
{
    struct share *s = context;
    (void)!slots_each(s->k, s->at, s->to, check_one, s, &s->e);
    return NULL;
}

static uint32_t shares_for(uint32_t slots)
{
    if (slots < 2 * SHARE_MIN)
        return 1;
    const long processors = sysconf(_SC_NPROCESSORS_ONLN);
    uint32_t n = processors > SHARES_MAX ? SHARES_MAX : processors > 1 ? (uint32_t)processors : 1;
    while (n > 1 && slots / n < SHARE_MIN)
        n--;
    return n;
}

enum outcome slots_check(const struct keyring *k, uint32_t from, uint32_t to, struct err *e)
{
    struct share shares[SHARES_MAX] = { 0 };
    const uint32_t slots = to > from ? to - from : 0;
    const uint32_t n = shares_for(slots);
    for (uint32_t i = 0; i < n; i++) {
        struct share *s = &shares[i];
        s->k = k;
        s->at = from + (uint32_t)((uint64_t)slots * i / n);
        s->to = from + (uint32_t)((uint64_t)slots * (i + 1) / n);
        /* The last is ours, and any for which there is no thread. */
        s->threaded = i + 1 < n && pthread_create(&s->thread, NULL, check, s) == 0;
        if (!s->threaded)
            check(s);
    }
    for (uint32_t i = 0; i < n; i++)
        if (shares[i].threaded)
            (void)pthread_join(shares[i].thread, NULL);
    for (uint32_t i = 0; i < n; i++)
        if (shares[i].e.outcome != OK) {
            *e = shares[i].e;
            return e->outcome;
        }
    return OK;
}
