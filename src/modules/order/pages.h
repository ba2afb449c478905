/* The pages of patients and prescriptions: enrol, prescribe, place. The order's own page stands in
 * the desk, which knows what the modules above this one add to it. */
#ifndef VEIN_MODULES_ORDER_PAGES_H
#define VEIN_MODULES_ORDER_PAGES_H

#include "kernel/file.h"
#include "kernel/show.h"
#include "kernel/sign.h"
#include "kernel/table.h"
#include "modules/order/order.h"

enum { ORDER_FORM_MAX = 32 << 10, ORDER_PARTS_MAX = 20 };

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
    struct table_view table;
};
struct order_enrol_view {
    struct show_refusal refused;
    const struct http_request *r; /* what was entered */
};
struct order_change_line {
    struct str what;
    struct str before; /* empty: nothing, or not for this reader */
    struct str after;
};
struct order_change { /* one correction */
    int64_t happened;
    struct str who;
    struct str reason;
    const struct order_change_line *lines;
    size_t n;
};
enum { ORDER_ENTRIES_MAX = 40 };
struct order_entry { /* a number or a condition, to be entered: names of its fields, and values */
    struct str name[4];
    struct str value[4];
};
struct order_duty_row {
    struct str title;
    struct str source;
    struct str coi;
    int64_t until; /* TIME_NONE: while it is so */
};
struct order_patient_page {
    struct str patient;
    struct order_patient_view shown;
    struct str pseudonym;
    struct str numbers_text;
    int64_t enrolled;
    struct str enrolled_by;
    const struct order_change *changes; /* newest first */
    size_t nchanges;
    bool may_correct;
    bool correcting;                           /* a refused correction is shown again */
    struct str seen;                           /* event that holds the data */
    struct str family, given, birth_date, sex; /* for the form */
    const struct order_entry *numbers;         /* value, system; the last is empty */
    size_t nnumbers;
    const struct order_entry *entries; /* code, title, since, system */
    size_t nentries;
    const struct order_of_patient_out *orders;
    size_t norders;
    const struct order_conditions_out *conditions;
    size_t nconditions;
    const struct definition *products;
    size_t nproducts;
    struct show_refusal refused;
    const struct http_request *r;
    bool may_prescribe;
    bool may_request_erasure, may_erase, may_withdraw_erasure;
    const struct order_duty_row *duties; /* to keep the data, for who may do any of these */
    size_t nduties;
    bool no_retention;
    struct str erasure; /* request that waits or was followed; absent: none */
    struct str erasure_by;
    int64_t erasure_at;
    int64_t erased; /* TIME_NONE: not by an event of this ledger */
    struct str erased_by;
    bool own_request;  /* the reader's own: another person orders it */
    bool request_void; /* its signature does not stand any more */
};
struct order_part {
    struct str name;
    struct str label;
    bool optional;
};
struct order_place_view {
    struct order_order_out row;
    struct str shown;
    struct str product;
    struct order_dose_words dose;
    const struct order_part *parts;
    size_t nparts;
    const struct auth_place *places;
    size_t nplaces;
    struct str here; /* the reader's own site */
    struct show_refusal refused;
    const struct http_request *r;
};

bool order_lists(const struct definition *products, size_t n, size_t upto, struct str text,
                 bool indications);

http_handler_fn order_get_patients, order_get_enrol, order_post_enrol, order_get_patient,
    order_post_correct, order_post_withdraw_erasure, order_post_prescribe, order_get_place,
    order_post_place;

/* The patient's page again after a refusal. */
enum http_state order_patient_again(struct http_request *r, const struct err *refused);

/* Rows of files that belong to an order (file.c). */
enum { ORDER_FILE_RULES = 1, ORDER_SEARCHES = 2 };

extern const struct file_rule order_file_rules[];
extern const struct search_rule order_searches[ORDER_SEARCHES];

struct order_erasing_view {
    struct str pseudonym;
    struct str asked_by; /* empty: this asks */
    struct str why;      /* opened; that is asked for */
};
sign_show_fn order_erasing_show;

#endif
