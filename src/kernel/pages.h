/* Pages of the kernel's own: definitions, the ledger, help, health, the static log, live updates.
 */
#ifndef VEIN_KERNEL_PAGES_H
#define VEIN_KERNEL_PAGES_H

#include "gen/kernel/define.sql.h"
#include "kernel/flow_journey.h"
#include "kernel/form.h"
#include "kernel/merkle.h"
#include "kernel/pages_witness.h"
#include "kernel/show.h"

extern const struct module pages_module;

/* --- definitions --- */

/* A definition as a document: what is simple as lines, what is nested as sections. */
enum { PAGES_DOC_DEPTH_MAX = 8 };
struct pages_doc {
    struct str label;
    struct str value;  /* absent for a section */
    struct str digest; /* of an item, what is in it that one looks for */
    const struct pages_doc *parts;
    size_t nparts;
    bool simple; /* a line */
};
struct pages_definition_view;

/* --- what is tried: a version, or a draft --- */

/* By the route's kind and name, and by the version or draft that the address asks for. REFUSED
 * "define.unknown", "gate.unknown" for a draft of others. */
struct pages_tried {
    struct definition definition;
    struct str of;    /* the path of its page */
    struct str again; /* where it is tried */
};
enum outcome pages_tried_find(struct pages_tried *out, struct http_request *r, struct db *db,
                              struct page *p, const char *kind, struct err *e);
/* What a step of a journey can say, and what that means. */
enum { PAGES_JOURNEY_WORDS = 8 };
extern const struct pages_journey_word {
    const char *code;
    const char *key;
} pages_journey_words[PAGES_JOURNEY_WORDS];
/* A journey to begin with. */
struct str pages_journey_example(const struct definition *workflow, struct arena *arena);

struct pages_try_view {
    struct pages_tried from;
    struct definition form;
    bool tried;
    bool good;
    struct form_filled filled;
    struct html fields;
    struct html record;
};
/* --- a workflow tried --- */

struct pages_journey_line {
    struct str time;
    struct str text;
    const char *sort; /* class of the line */
    struct str key;   /* of the word before it; absent: none */
    bool loud;
};
struct pages_journey_view {
    struct pages_tried from;
    struct definition workflow;
    struct str journey; /* as entered */
    struct str order;
    bool tried;
    struct str refused; /* why it could not be tried */
    struct str title;
    const struct pages_journey_line *lines;
    size_t n;
    size_t nfailed;
    size_t ndiffers;
    struct str open;
};

/* What a field of a definition is called. */
struct str pages_doc_word(struct page *p, struct str name);
/* A document of this kind, in the page's arena. */
struct pages_doc pages_doc_of(struct page *p, const struct definition *d);

/* What the page and the print of a definition show, by the route's parameters; its texts live in
 * the page's arena. REFUSED "define.unknown". */
enum outcome pages_definition_read(struct pages_definition_view *view, struct http_request *r,
                                   struct db *db, struct page *p, struct err *e);

/* A workflow's tasks as a drawing, in the page's arena. REFUSED as draw_graph. */
struct workflow;
enum outcome pages_workflow_graph(struct html *out, struct page *p, struct str title,
                                  const struct workflow *w, struct err *e);

/* How long a workflow's stages took of late, in days; NULL: it is no workflow. */
struct chart;
enum outcome pages_workflow_pace(struct chart **out, struct page *p, struct db *db,
                                 const struct definition *d, struct err *e);

/* --- ledger --- */

struct pages_ledger_view {
    bool signed_once; /* there is a checkpoint */
    struct str note;
    struct str origin;
    struct str root;
    struct str vkey;
    uint64_t size;
    int64_t waiting; /* events that no checkpoint covers yet */
    bool signature_holds;
    bool newest_included;
    struct scrub_report scrubbed;
    struct pages_witnesses_view witnesses;
};

/* --- help --- */

struct pages_field_view {
    struct str name;
    struct str kind; /* in words */
    bool required;
    bool sealed;
    size_t depth;
    size_t max;     /* 0: not said */
    bool max_items; /* of a list; else bytes */
};
struct pages_entry_view { /* of a command or event */
    const char *name;
    struct str text;
    int version;
    bool needs_reason;
    bool is_signed;
    bool safe_act;
    bool while_stopped;
    const struct pages_field_view *fields;
    size_t nfields;
    const struct pages_entry_view *answer; /* NULL: nothing but that it is done */
};
struct pages_route_view {
    const struct route *route;
    struct str help;
    const struct pages_entry_view *answer; /* to who asks for JSON; NULL: of no record */
};
struct pages_refusal_view {
    struct str code;
    struct str text;
    struct str hint;
    int status; /* of HTTP; 0: not said */
};
struct pages_help_view {
    const struct pages_route_view *routes;
    size_t nroutes;
    const struct pages_entry_view *commands;
    size_t ncommands;
    const struct pages_entry_view *events;
    size_t nevents;
    const struct pages_refusal_view *refusals;
    size_t nrefusals;
};

/* The fields of a record, nested ones behind their list, in the page's arena; of what is sent with
 * the limits that hold where the row names none. */
struct pages_entry_view pages_fields_of(struct page *p, const char *name,
                                        const struct record *record, bool sent);

enum http_state pages_get_definitions(struct http_request *r);
enum http_state pages_get_definition(struct http_request *r);
enum http_state pages_print_form(struct http_request *r);
enum http_state pages_try_form(struct http_request *r);
enum http_state pages_try_workflow(struct http_request *r);
enum http_state pages_print_definition(struct http_request *r);
enum http_state pages_get_ledger(struct http_request *r);
enum http_state pages_get_help(struct http_request *r);
enum http_state pages_get_health(struct http_request *r);
enum http_state pages_get_ready(struct http_request *r);
enum http_state pages_get_tlog(struct http_request *r);
enum http_state pages_get_live(struct http_request *r);

#endif
