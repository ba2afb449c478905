/* The pages of patients and prescriptions: enrol, prescribe, place. The order's own page stands in
 * the desk, which knows what the modules above this one add to it. */
#ifndef VEIN_MODULES_ORDER_PAGES_H
#define VEIN_MODULES_ORDER_PAGES_H

#include "kernel/file.h"
#include "kernel/show.h"
#include "modules/order/order.h"

enum { ORDER_FORM_MAX = 32 << 10, ORDER_PARTS_MAX = 20 };

struct order_refused {
    struct str text;
    struct str hint;
};

struct order_patient_row {
    const struct order_patients_out *row;
    struct str shown;
};
struct order_patients_view {
    const struct order_patient_row *rows;
    size_t n;
    const struct order_to_place_out *waiting; /* prescribed, not yet placed */
    size_t nwaiting;
    bool no_site;
    bool may_enrol;
    struct str next;
};
struct order_enrol_view {
    struct order_refused refused;
    const struct http_request *r; /* what was entered */
};
struct order_patient_page {
    struct str patient;
    struct str shown;
    const struct order_of_patient_out *orders;
    size_t norders;
    const struct order_conditions_out *conditions;
    size_t nconditions;
    const struct definition *products;
    size_t nproducts;
    struct order_refused refused;
    const struct http_request *r;
    bool may_prescribe;
};
struct order_part {
    struct str name;
    struct str label;
    size_t number;
};
struct order_place_view {
    struct order_order_out row;
    struct str shown;
    struct str product;
    const struct order_part *parts;
    size_t nparts;
    const struct auth_place *places;
    size_t nplaces;
    struct str here; /* the reader's own site */
    struct order_refused refused;
    const struct http_request *r;
};

/* What was entered under a name, for the form again; empty at first. */
struct str order_entered(const struct http_request *r, const char *name);
bool order_lists(const struct definition *products, size_t n, size_t upto, struct str text,
                 bool indications);

http_handler_fn order_get_patients, order_get_enrol, order_post_enrol, order_get_patient,
    order_post_prescribe, order_get_place, order_post_place;

/* Rows of files that belong to an order (file.c). */
enum { ORDER_FILE_RULES = 1 };

extern const struct file_rule order_file_rules[];

#endif
