/* Examples for a form: what is asked for and not given gets one. For journeys and trials. */
#ifndef VEIN_KERNEL_FORM_EXAMPLE_H
#define VEIN_KERNEL_FORM_EXAMPLE_H

#include "kernel/form.h"

struct form_plan;
struct form_examples {
    struct arena *arena;
    int64_t at;   /* what a time is filled in with */
    bool working; /* tell how computed values came about */
    /* MAY: before each round; what it returns ends it. A round runs every formula of the form. */
    enum outcome (*before)(void *context, struct err *e);
    void *context;
    /* Made by form_examples_new: the entries, those given first. */
    const struct definition *form;
    const struct form_plan *plan;
    struct record_pair *pairs;
    size_t n;
    size_t max;
};

/* f has its arena, time, working and before. */
enum outcome form_examples_new(struct form_examples *f, const struct definition *form,
                               const struct record_pair *pairs, size_t n, struct err *e);
/* Formulas of the form. */
size_t form_examples_computed(const struct form_examples *f);
/* As form_fill, with examples for what is asked for where those are wanted; f->n tells how many
 * entries there are then. File fields take their examples for files. */
enum outcome form_examples_fill(struct form_filled *out, struct form_examples *f, bool examples,
                                struct err *e);

/* {"volume": "12.5", "bag.1": "…"}: texts, and numbers and truths as they are written. REFUSED
 * "record.wrong_type" {field, expected}, and those of json_read. */
enum outcome form_entries_read(struct record_pair **pairs, size_t *n, struct str json,
                               struct arena *arena, struct err *e);

/* define_kind.trial of forms: filled in with the entries of a JSON object, and with examples where
 * none are given; what came of it, line by line. */
enum outcome form_trial(struct define_trial *out, const struct define_context *context,
                        const struct definition *form, struct str input, struct err *e);

#endif
