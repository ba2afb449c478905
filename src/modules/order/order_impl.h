/* Shared by enrolment and correction. */
#ifndef VEIN_MODULES_ORDER_IMPL_H
#define VEIN_MODULES_ORDER_IMPL_H

#include "modules/order/order.h"

/* A patient's data as a command gives them, and in what they differ from those kept. */
struct order_given {
    struct str family;
    struct str given;
    struct str birth_date;
    struct str sex;
    const struct order_enrol_identifier *identifiers;
    size_t nidentifiers;
    const struct order_condition *conditions;
    size_t nconditions;
};
struct order_difference {
    bool family, given, birth_date, sex, identifiers, conditions;
};
/* Opens the data for the comparison. Refusals: "seal.erased". */
enum outcome order_compare(struct order_difference *out, struct load *l,
                           const struct order_patient_out *row, const struct order_given *given,
                           struct err *e);

/* REFUSED "order.unknown_sex" {sex}. */
enum outcome order_sex_check(struct str sex, struct err *e);

/* As the event holds them; NULL: no memory. */
const struct order_identifier *order_identifiers_copy(const struct order_enrol_identifier *p,
                                                      size_t n, struct arena *arena);

/* define_kind.trial of products: the dose for each weight of the input, one a line, in kg; passed
 * where each has one. Without input the weights that its rule names. REFUSED
 * "order.too_many_weights" {max}, and those of quantities. */
struct define_trial;
enum outcome order_product_trial(struct define_trial *out, const struct define_context *context,
                                 const struct definition *tried, struct str input, struct err *e);

#endif
