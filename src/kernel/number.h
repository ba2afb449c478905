/* Numbers as people type and read them. The ledger, programs and all that computes have a point
 * before decimals; a page in a language with a comma (text "page.decimal") takes a comma, and shows
 * one.
 *
 * A form names its numbers' fields, with blanks between, in hidden fields "_comma" where a comma is
 * asked for (pages/comma.html): what a form means is what its page said, whatever the language of
 * the answer. What was typed is put with a point as the form is read, before any handler sees it.
 * What could mean two numbers is put so that it is none, and is refused with its reason
 * ("quantity.grouped"); shown again, it stands as it was typed. */
#ifndef VEIN_KERNEL_NUMBER_H
#define VEIN_KERNEL_NUMBER_H

#include "kernel/http.h"
#include "kernel/page.h"

/* Where a comma stands before decimals: "12,5 mL" as "12.5 mL". A point is taken as it is ("12.5",
 * "0.125") but for where it may part thousands: of "1.234", as of all that mixes both signs, each
 * point becomes a comma and each comma a point, and that is no number. What stands behind a blank
 * is a unit. Absent: no memory. */
struct str number_typed(struct str typed, struct arena *arena);

/* A form's fields, once, by its "_comma" fields, which are gone then. */
enum outcome number_read_form(struct http_request *r, struct err *e);

/* For pages: whether the page's language has a comma; and what was entered, as it is typed there:
 * of what number_typed changed, what was typed. */
bool number_comma(const struct page *p);
struct str number_shown(struct page *p, struct str entered);
/* The same of each number among other words: "1.5 mL; 2 mL". */
struct str number_words(struct page *p, struct str text);

#endif
