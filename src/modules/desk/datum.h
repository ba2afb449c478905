/* Where a datum of an order comes from and where it went (AUD-03): values of records, facts,
 * checks, what was prescribed; and the decisions that looked at them: conditions and guards of
 * tasks, limits of a release, the dose rule, tasks that were completed, deviations, papers that
 * print them.
 *
 * Nothing of it is stored. It is one graph of an order, made anew each time of what its definitions
 * say (formulas and rules of the forms, guards of the workflow, the product's specification) and of
 * what its events say (records, facts, checks, deviations). Forth and back are the two ends of the
 * same steps. It shows the present pass of each task; what was said before of a value, and by whom,
 * is its history.
 *
 * What a reader may not see stands in no answer: values of records, facts and checks at tasks that
 * are not theirs, what was computed of them, and deviations are left out, and counted. */
#ifndef VEIN_MODULES_DESK_DATUM_H
#define VEIN_MODULES_DESK_DATUM_H

#include "modules/desk/desk.h"

enum {
    DESK_DATA_MAX = 6000,        /* of an order; beyond: `more` */
    DESK_DATA_STEPS_MAX = 30000, /* between them */
    DESK_DATA_EVENTS_MAX = 5000, /* that are looked through for checks and deviations */
    DESK_DATUM_DEPTH_MAX = 12,
    DESK_DATUM_ROWS_MAX = 600,
};

#define RECORDS "modules/desk/datum.def"
#include "base/record_structs.h"
#undef RECORDS

struct desk_datum {
    struct str id;    /* "field/collect/volume", "guard/release/within", "prescribed/dose" */
    const char *kind; /* static */
    struct str title;
    struct str value;   /* absent: sealed, or it has none */
    struct str formula; /* by which it was computed */
    struct str task;    /* absent: of none */
    struct str field;   /* of a field: its name in the record */
    struct str form;
    int64_t form_version; /* INT_NONE: of none */
    bool decided;         /* of a decision: it was taken */
    int64_t at;           /* TIME_NONE: unknown */
    struct str by;
    int64_t event; /* INT_NONE: of none */
};
struct desk_step {
    size_t input; /* of the data */
    size_t use;
};
struct desk_data {
    const struct desk_datum *p;
    size_t n;
    const struct desk_step *steps;
    size_t nsteps;
    bool more;     /* a bound was met */
    size_t hidden; /* data that the reader does not see */
};

struct desk_data_of {
    struct db *db;
    const struct order_order_out *order;
    const struct flow_view *flow;
    const struct product *product;  /* pinned */
    const struct flow_sight *sight; /* NULL: all is seen */
};
enum outcome desk_data_read(struct desk_data *out, const struct desk_data_of *of,
                            struct arena *arena, struct err *e);
/* Its number; out->n: there is none. */
size_t desk_datum_find(const struct desk_data *d, struct str id);

/* What it was made of, or (`uses`) where it went, step by step, each once; `out` has room for
 * DESK_DATUM_ROWS_MAX. *more: it goes on behind that many, or that deep. */
struct desk_reach {
    const struct desk_data *data;
    size_t from;
    bool uses;
};
struct desk_reached {
    size_t datum;
    size_t through;
    int depth;
};
size_t desk_datum_reach(struct desk_reached *out, bool *more, const struct desk_reach *of,
                        struct arena *arena);

/* --- inside (datum_graph.c, datum_said.c, datum_events.c) --- */

struct data_making {
    const struct desk_data_of *of;
    struct desk_data *out;
    struct desk_datum *p;
    struct desk_step *steps;
    bool *hides; /* of the flow's facts: counted as hidden already */
    struct arena *arena;
};
/* Its number, made where it is not there yet; DESK_DATA_MAX when a bound was met. */
size_t data_add(struct data_making *m, const struct desk_datum *datum);
void data_step(struct data_making *m, size_t input, size_t use);
struct str data_id(struct data_making *m, const char *kind, struct str task, struct str name);
/* Whether the reader sees what was said at this task. */
bool data_sees(const struct data_making *m, struct str task);
enum outcome data_add_events(struct data_making *m, struct err *e);
/* A record as rows keep it; empty for absent text. */
enum outcome data_record_read(struct form_record *out, struct str text, struct arena *arena,
                              struct err *e);

struct data_record {
    const struct flow_open_task *task;
    const struct form *form;
    const struct form_record *record; /* that stands */
};
struct data_said {
    struct str by; /* actor */
    int64_t at;
};
/* Who said each of its values, and when: who last changed it in the present pass; of those who
 * entered the same unseen by each other, the first. */
enum outcome data_said_read(const struct data_said **out, struct data_making *m,
                            const struct data_record *of, struct err *e);

/* --- the page --- */

struct desk_datum_line {
    const struct desk_datum *datum;
    struct str link;
    struct str through; /* title of the datum one step nearer; absent at the first step */
    struct str word;    /* key of its kind */
    struct str who;
    int depth;
};
struct desk_datum_view {
    struct desk_order o;
    struct html head;
    struct desk_data data;
    const struct desk_datum *datum;
    struct str word;
    struct html history;
    struct str trail; /* its record's */
    const struct desk_datum_line *inputs;
    size_t ninputs;
    const struct desk_datum_line *uses;
    size_t nuses;
};
http_handler_fn desk_get_datum;

#endif
