/* Steps: a task at which something is read, labelled or handed over is done one step at a time; a
 * task that is a form alone is one page, at a desk. Which step is present follows from what has
 * happened, so that a reload and a second device stand at the same. */
#ifndef VEIN_MODULES_DESK_STEP_H
#define VEIN_MODULES_DESK_STEP_H

#include "kernel/form.h"

struct desk_check;
struct desk_make;
struct desk_task_view;

/* A field with something wrong, from the head of the page. */
struct desk_problem_link {
    struct str label;
    struct str path;
};

/* What the reader has entered so far into the form, kept part by part (kernel/flow_keep.c). */
struct desk_part {
    struct str title;
    int64_t number; /* of the form's part */
    bool kept;
    bool right; /* and nothing is wrong with it */
};
struct desk_entered {
    struct desk_part *parts;
    size_t nparts; /* 0: the form is entered in one piece */
    const struct record_pair *inputs;
    size_t ninputs;
    struct form_filled filled; /* with it, problems of parts that are not entered yet left out */
    struct html record;        /* as it would be recorded; empty while it cannot */
};

struct desk_task_step {
    enum desk_task_step_kind {
        DESK_STEP_CHECK, /* an identity point */
        DESK_STEP_MAKE,  /* units of one kind, labelled */
        DESK_STEP_UNITS, /* handed over, thawed or given */
        DESK_STEP_PART,  /* a part of the form is entered */
        DESK_STEP_RECORD /* what is recorded, and the end of the task */
    } kind;
    struct str key;  /* of the address: "check.before_thaw" */
    struct str name; /* in words */
    const struct desk_check *check;
    const struct desk_make *make;
    const struct desk_part *part;
    bool done;
    bool beside; /* may be looked at before its turn: the next bag's check while one is given */
};

/* The task is of those that are done so, and the reader of those who do it. */
bool desk_step_by_step(const struct desk_task_view *v);

/* Fills v->entered of a task that the reader does step by step; its values become the form's. */
enum outcome desk_entered_read(struct desk_task_view *v, struct http_request *r, struct db *db,
                               struct page *p, struct err *e);

/* Fills v->steps of a task that the reader does step by step: the first that
 * is not done is present (v->now); v->at is the one that is shown, an earlier one where `key` names
 * it. What comes later is never shown before its turn. */
enum outcome desk_steps(struct desk_task_view *v, struct page *p, struct str key, struct err *e);

/* Fills v->links, of the fields that the page shows. */
enum outcome desk_problem_links(struct desk_task_view *v, struct arena *a, struct err *e);

/* Of the step that is shown. */
const struct desk_task_step *desk_step(const struct desk_task_view *v);
/* The reader has done theirs of it, and another person is awaited. */
bool desk_waits(const struct desk_task_view *v);

#endif
