/* A document as the answer: printed by a worker while the request waits without a thread. */
#include <stdlib.h>

#include "kernel/app.h"
#include "kernel/print.h"

/* Between the handler and the worker's answer; in the request's arena. */
struct printing {
    struct http_request *request;
    struct err error;
    struct bytes pdf; /* malloc'd; the request's answer frees it */
    const char *name;
};

static ptrdiff_t pdf_read(void *context, int64_t at, void *out, size_t n)
{
    const struct printing *p = context;
    const size_t left = p->pdf.n - (size_t)at;
    const size_t take = n < left ? n : left;
    memcpy(out, p->pdf.p + at, take);
    return (ptrdiff_t)take;
}

static void pdf_free(void *context)
{
    struct printing *p = context;
    free((void *)(uintptr_t)p->pdf.p);
    free(p);
}

/* On the thread of the workers: keep the result, wake the request, touch it no more. */
static void printed(void *context, const struct worker_result *result)
{
    struct printing *p = context;
    struct http_request *r = p->request;
    p->error = result->error;
    if (result->error.outcome == OK) {
        uint8_t *copy = malloc(result->out.n > 0 ? result->out.n : 1);
        if (copy)
            memcpy(copy, result->out.p, result->out.n);
        else
            (void)!err_no_memory(&p->error);
        p->pdf = (struct bytes){ copy, result->out.n };
    }
    http_resume(r);
}

static enum http_state answer(struct http_request *r)
{
    struct printing *p = r->pending;
    if (p->error.outcome != OK) {
        const struct err e = p->error;
        pdf_free(p);
        return app_problem(r, &e);
    }
    r->answer.status = 200;
    r->answer.media_type = "application/pdf";
    r->answer.headers[0].name = "Content-Disposition";
    r->answer.headers[0].value = arena_printf(r->arena, "inline; filename=\"%s.pdf\"", p->name);
    r->answer.made = (struct http_body){
        .size = (int64_t)p->pdf.n,
        .read = pdf_read,
        .free = pdf_free,
        .context = p,
    };
    return HTTP_DONE;
}

enum http_state app_print(struct http_request *r, const struct print_document *d, const char *name)
{
    struct err e = { 0 };
    struct workers *workers = app_of(r)->workers;
    struct printing *p = calloc(1, sizeof *p);
    if (!p)
        (void)!err_no_memory(&e);
    else if (!workers)
        (void)err_fault(&e, "worker.closed", "this program has no workers");
    if (e.outcome != OK) {
        free(p);
        return app_problem(r, &e);
    }
    *p = (struct printing){ .request = r, .name = name };
    r->pending = p;
    r->resumed = answer;
    if (print_submit(workers, d, r->arena, printed, p, &e) == OK)
        return HTTP_WAIT;
    pdf_free(p);
    return app_problem(r, &e);
}
