/* The audit bundle of an order: what the bundle of a chain of identity has (coi.h), and beside it
 * the definitions that the order ran under and the audit trail itself, as a page and on paper. It
 * is read by desk_audit_read and written by desk_coi_export, which sees what it has been given. */
#ifndef VEIN_MODULES_DESK_AUDIT_H
#define VEIN_MODULES_DESK_AUDIT_H

#include "modules/desk/coi.h"

/* As desk_coi_read, with all versions up to the checkpoint of each workflow, form, product and role
 * that the order's events name. */
enum outcome desk_audit_read(struct desk_coi *out, struct node *n, struct db *db, struct str order,
                             struct looker *looks, struct err *e);

/* trail.html of the bundle: a function of the events and what was opened alone. */
enum outcome desk_audit_html(struct buf *out, const struct desk_coi *c, struct err *e);

/* The same for paper, each event a row, in the arena of the page's buffer; of long events the
 * beginning, and where the rest stands. */
enum outcome desk_audit_document(const struct print_document **out, struct page *p,
                                 const struct desk_coi *c, struct err *e);

/* Whether the event brings a definition, and then the document: canonical JSON, whose SHA-256 is
 * the definition's hash. */
bool desk_audit_defines(const struct desk_coi_event *x);
enum outcome desk_audit_definition(struct buf *out, const struct desk_coi_event *x, struct err *e);

enum http_state desk_post_audit(struct http_request *r);
enum http_state desk_get_audit(struct http_request *r);

#endif
