/* Frames between parent and worker. */
#include "kernel/worker_impl.h"

static void put(uint8_t *p, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static uint64_t get(const uint8_t *p, size_t n)
{
    uint64_t v = 0;
    for (size_t i = n; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

void worker_frame_write(uint8_t head[WORKER_HEAD], const struct worker_frame *f)
{
    memcpy(head, "vjob", 4);
    put(head + 4, f->kind, 4);
    put(head + 8, f->job, 4);
    put(head + 12, f->memory_kib, 4);
    put(head + 16, f->length, 8);
}

bool worker_frame_read(struct worker_frame *f, const uint8_t head[WORKER_HEAD])
{
    const uint64_t kind = get(head + 4, 4);
    if (memcmp(head, "vjob", 4) != 0 || kind < WORKER_JOB || kind > WORKER_FAULT)
        return false;
    *f = (struct worker_frame){
        .kind = (enum worker_frame_kind)kind,
        .job = (uint32_t)get(head + 8, 4),
        .memory_kib = (uint32_t)get(head + 12, 4),
        .length = get(head + 16, 8),
    };
    return true;
}

/* --- the parent's reader --- */

void worker_reader_begin(struct worker_reader *r)
{
    *r = (struct worker_reader){ .body = buf_new(0) };
}

void worker_reader_end(struct worker_reader *r)
{
    buf_free(&r->body);
    worker_reader_begin(r);
}

/* The head is whole: is it an answer to this job, within the row's bounds? */
static bool head_good(struct worker_reader *r, const struct worker_kind *kind, uint32_t job)
{
    if (!worker_frame_read(&r->frame, r->head) || r->frame.job != job ||
        r->frame.kind == WORKER_JOB)
        return false;
    const size_t max = r->frame.kind == WORKER_RESULT ? kind->out_max : WORKER_WORDS_MAX;
    r->body = buf_new(r->frame.length <= max ? (size_t)r->frame.length : 0);
    return r->frame.length <= max;
}

enum worker_read worker_reader_feed(struct worker_reader *r, const struct worker_kind *kind,
                                    uint32_t job, const void *p, size_t n)
{
    const uint8_t *from = p;
    if (r->nhead < WORKER_HEAD) {
        const size_t take = n < WORKER_HEAD - r->nhead ? n : WORKER_HEAD - r->nhead;
        memcpy(r->head + r->nhead, from, take);
        r->nhead += take;
        from += take;
        n -= take;
        if (r->nhead < WORKER_HEAD)
            return WORKER_READ_MORE;
        if (!head_good(r, kind, job))
            return WORKER_READ_GARBAGE;
    }
    if (n > r->frame.length - r->body.n)
        return WORKER_READ_GARBAGE;
    if (n > 0)
        buf_put(&r->body, from, n);
    if (!buf_ok(&r->body))
        return WORKER_READ_NO_MEMORY;
    return r->body.n == r->frame.length ? WORKER_READ_DONE : WORKER_READ_MORE;
}

/* A refusal is taken only if the row knows its code: what a child says is not to be trusted. */
static enum outcome refusal(const struct worker_kind *kind, struct str words, struct err *e)
{
    const struct str code = str_cut(&words, '\n');
    for (size_t i = 0; kind->refusals && kind->refusals[i]; i++)
        if (str_is(code, kind->refusals[i]) && str_utf8_valid(words))
            return REFUSE(e, kind->refusals[i], { "what", words.p ? words : S("") });
    return err_fault(e, "worker.garbage", "%s refused with a code that is not its own", kind->name);
}

enum outcome worker_reader_error(const struct worker_reader *r, const struct worker_kind *kind,
                                 struct err *e)
{
    const struct str words = buf_get(&r->body);
    if (r->frame.kind == WORKER_RESULT)
        return OK;
    if (r->frame.kind == WORKER_REFUSAL)
        return refusal(kind, words, e);
    char detail[WORKER_DETAIL_MAX + 1];
    size_t n = 0;
    for (size_t i = 0; i < words.n && n < WORKER_DETAIL_MAX; i++)
        detail[n++] = words.p[i] >= ' ' && words.p[i] <= '~' ? words.p[i] : '?';
    detail[n] = '\0';
    return err_fault(e, "worker.failed", "%s: %s", kind->name, detail);
}
