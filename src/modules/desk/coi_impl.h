/* Shared by the files that write the report in words. */
#ifndef VEIN_MODULES_DESK_COI_IMPL_H
#define VEIN_MODULES_DESK_COI_IMPL_H

#include "kernel/sign_pages.h"
#include "modules/desk/coi.h"

struct coi_writer {
    struct print *print;
    struct page *p;
    struct db *db;
    const struct desk_coi *c;
    struct arena *a; /* of the page's buffer: all that the functions below give lives there */
};

/* --- events (coi_words.c) --- */

bool coi_is(const struct desk_coi_event *x, const char *type);
/* The first event of this type whose member says this (NULL: any); NULL: none. */
const struct desk_coi_event *coi_find(const struct coi_writer *w, const char *type,
                                      const char *member, struct str says);
/* A member's text; empty for no event. */
struct str coi_of(const struct desk_coi_event *x, const char *member);

/* --- words: of the catalogue, of an event's number, of who and where; names of tasks and labels of
 * units as the events say them --- */

struct str coi_words(const struct coi_writer *w, const char *key);
struct str coi_number(const struct coi_writer *w, const struct desk_coi_event *x);
struct str coi_site(const struct coi_writer *w, struct str id);
struct str coi_person(const struct coi_writer *w, struct str actor);
struct str coi_task(const struct coi_writer *w, struct str name);
struct str coi_unit(const struct coi_writer *w, struct str id);
struct str coi_quantity(const struct coi_writer *w, struct str text);
/* Items of a list, joined; `name` of each object, or (NULL) the item itself. */
struct str coi_joined(const struct coi_writer *w, const struct desk_coi_event *x,
                      const char *member, const char *name);
/* Two parts and what stands between; the one that is not empty alone. */
struct str coi_both(const struct coi_writer *w, struct str a, const char *between, struct str b);
/* What happened, as the catalogue tells of such an event. */
struct str coi_happened(const struct coi_writer *w, const struct desk_coi_event *x);
struct str coi_when(const struct coi_writer *w, const struct desk_coi_event *x);
struct str coi_who(const struct coi_writer *w, const struct desk_coi_event *x);
struct str coi_reason(const struct desk_coi_event *x);

/* --- tables --- */

/* Heading and head of a table, before its first row: nothing once *begun. Columns are keys, with
 * NULL behind the last. */
void coi_begin(const struct coi_writer *w, const char *heading, const char *const *columns,
               bool *begun);
/* The heading, and that there is nothing. */
void coi_none(const struct coi_writer *w, const char *heading);

/* --- sections (coi_timeline.c, coi_units.c, coi_signatures.c) --- */

enum outcome coi_timeline(const struct coi_writer *w, struct err *e);
enum outcome coi_genealogy(const struct coi_writer *w, struct err *e);
void coi_quantities(const struct coi_writer *w);
enum outcome coi_signatures(const struct coi_writer *w, struct err *e);

#endif
