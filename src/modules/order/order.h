/* Orders: one patient's treatment from enrolment to follow-up, the record from which everything
 * else is reached. */
#ifndef VEIN_MODULES_ORDER_ORDER_H
#define VEIN_MODULES_ORDER_ORDER_H

#include "gen/order/queries.sql.h"
#include "kernel/flow.h"
#include "modules/quality/quality.h"

#define RECORDS "modules/order/product.def"
#include "base/record_structs.h"
#undef RECORDS
#define RECORDS "modules/order/retention.def"
#include "base/record_structs.h"
#undef RECORDS

extern const struct define_kind product_kind;
extern const struct define_kind retention_kind;

/* A duty to keep a patient's data that runs. */
enum { ORDER_DUTIES_MAX = 64 };
struct order_duty {
    const struct retention_duty *rule;
    struct str coi; /* of the order that it is for; absent: not placed */
    int64_t until;  /* TIME_NONE: while its condition holds */
};
/* What an order is under of which no definition says for how many years it is kept. */
struct order_unruled {
    struct str jurisdiction; /* absent: there is none such */
    struct str regime;
};
struct order_duties {
    struct order_duty p[ORDER_DUTIES_MAX]; /* those beyond are not listed */
    size_t n;
    bool no_rules; /* no definition of kind "retention" is effective: nothing may be erased */
    struct order_unruled unruled; /* likewise */
};
enum outcome order_duties(struct order_duties *out, struct db *db, struct str patient,
                          int64_t now_us, struct arena *arena, struct err *e);

/* Of the commands of erasure. */
struct order_erasure_state {
    struct order_patient_out row;
    struct order_erasure_request_out asked; /* empty where nobody asked */
    struct order_duties duties;
};

struct order_patient_state {
    bool found; /* the patient is enrolled already, … */
    bool same;  /* … with the same data */
    struct str patient;
    struct str pseudonym;
};
enum { ORDER_LIVE_MAX = 16 }; /* orders of one patient that a correction reaches; beyond: refused */
struct order_correct_state {
    struct order_patient_out row;
    bool family, given, birth_date, sex, identifiers, conditions; /* differ */
    size_t nlive;
    struct str live[ORDER_LIVE_MAX];        /* orders that have not ended */
    struct flow_view flows[ORDER_LIVE_MAX]; /* of those that are placed */
};
struct order_state {
    struct str elsewhere; /* part of a party whose site is another organisation's; absent: none */
    bool patient_found;
    bool found; /* the order is there */
    bool placed;
    struct order_order_out row;
    struct order_patient_out patient; /* of order.prescribe */
    int64_t product_version;          /* effective now, of order.prescribe */
    struct str coi;                   /* free: assigned when the order is placed */
    struct flow_plan plan;            /* of order.place */
    struct flow_view flow;            /* of order.schedule, once placed */
};

#define RECORDS "modules/order/events.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS
#define RECORDS "modules/order/commands.def"
#include "base/record_structs.h"
#include "kernel/declare.h"
#undef RECORDS

extern const struct module order_module;

/* Chain-of-identity identifiers (docs/identifiers.md). A pattern is fixed capitals, digits and '-',
 * '#' a digit, '@' a letter or digit that cannot be mistaken for another (ID_LETTERS), and ends in
 * '%%': two check characters (ISO 7064 mod 1271-36 over the letters and digits before them). Drawn
 * from the command's id by hash: random, telling no time. Refusals: "order.pattern_malformed",
 * "order.pattern_short" {bits, needed} when chance would not keep identifiers apart. */
enum { ORDER_COI_MAX = 40, ORDER_COI_BITS = 48 };
enum outcome order_coi_pattern_check(struct str pattern, struct err *e);
/* Number n of the identifiers of this seed under the pattern, which must have passed the check. */
struct str order_coi_make(struct str pattern, struct str seed, uint64_t n, struct arena *arena);
/* Its check characters are right. */
bool order_coi_valid(struct str coi);

/* The planned dose for a weight: total cells, exactly, with its working in signs of every language
 * ("≤ 50 kg: 2e6/kg × 43 kg = 8.6e7 (8.6e6–2.15e8)"). The cap binds target and both limits. REFUSED
 * "order.no_dose" {weight} where no row fits, "order.weight_not_positive", and those of quantities.
 * Used again at administration. */
struct order_dose {
    struct decimal target; /* cells */
    struct decimal min;    /* none: absent */
    struct decimal max;    /* after the cap; none: absent */
    struct str working;
    const struct product_dose *row; /* the first that fits, in the product */
    bool others;                    /* the product has other rows */
    struct decimal kg;
    struct decimal uncapped; /* target before the cap */
};
enum outcome order_dose_plan(struct order_dose *out, const struct product *product,
                             struct quantity weight, struct arena *arena, struct err *e);

/* The same in a person's words and language, for pages: what is ordered, and lines that say how it
 * follows: weight, row of the rule, maximum, acceptable range. The row must still be there. */
enum { ORDER_DOSE_LINES = 4 };
struct order_dose_words {
    struct str dose;
    struct str lines[ORDER_DOSE_LINES];
    size_t n;
};
void order_dose_say(struct order_dose_words *out, const struct order_dose *dose,
                    struct str language, struct arena *arena);
/* Of an order: planned anew by its pinned product and its weight; where that cannot be done, what
 * was written into the prescription. */
void order_dose_of(struct order_dose_words *out, const struct order_order_out *order,
                   const struct product *product, struct str language, struct arena *arena);

/* The results are as the specification of the order's pinned product asks, or the product is not
 * let go: asked when a task with the act release, or one that names `records`, is completed or
 * corrected. Each limit is held against the value of the field of its name in those records.
 * REFUSED "order.out_of_specification" {test, value, limit}, "order.result_missing" {test}, and for
 * what may follow a release "order.result_pending" {test}, unless the record's `decision` is
 * conditional; where it is reject or failed (quality_lets_go) nothing is asked. The exception path
 * (act supply) is another act and is not asked here. */
extern const struct flow_rule order_release_rule;
/* Whether a result (a record's value, present) is as the limit of the specification asks. */
bool order_within(const struct product_limit *limit, struct str value);

/* Which workflow an order of the product is placed under, by its jurisdiction and regime. */
struct str order_workflow_name(const struct product *p, const struct order_order_out *order);
/* The product as pinned by the order; FAULT "order.product_gone" when it cannot be found. */
enum outcome order_product(struct db *db, const struct order_order_out *order,
                           struct definition *out, struct arena *arena, struct err *e);

/* What of the patient a viewer may see: the name with the right "patient.name" at the patient's
 * site or at that of a party of an order of theirs that has not ended, else, and once the patient's
 * key is destroyed, the pseudonym. Opened here, never in a projection. Looking is recorded
 * (look.h).
 * REFUSED "gate.unknown" for an unknown patient; whether the viewer may know of the patient at all
 * is the caller's to ask. */
struct looker;
struct order_patient_view {
    struct str shown; /* "Example, Ada (F, 1961-02-03)" or the pseudonym */
    struct str name;  /* its two parts, the second never broken: "Example, Ada" or the pseudonym */
    struct str born;  /* "(F, 1961-02-03)"; empty with the pseudonym */
    bool by_name;
    bool erased; /* there is no name any more, for nobody */
};
enum outcome order_patient_show(struct order_patient_view *out, struct looker *looks, struct db *db,
                                const struct actor *viewer, struct str patient, struct arena *arena,
                                struct err *e);

/* Whether the viewer may see the name, by the same rule; false for an unknown patient. */
enum outcome order_patient_by_name(bool *out, struct db *db, const struct actor *viewer,
                                   struct str patient, struct arena *arena, struct err *e);

/* The patient's opened data, for comparison only: never shown, logged or kept. REFUSED
 * "gate.unknown", "seal.erased". */
struct order_patient_secret {
    struct str named; /* the event that last said name, birth date and numbers */
    struct str family;
    struct str given;
    struct str birth_date;
    const struct str *identifiers; /* values */
    size_t nidentifiers;
};
enum outcome order_patient_open(struct order_patient_secret *out, struct keyring *keys,
                                struct db *db, struct str patient, struct arena *arena,
                                struct err *e);

#endif
