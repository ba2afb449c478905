/* A hospital, a maker and a stranger, a product and its workflow; a patient's way to a placed
 * order, by commands alone. One node at a time, as globals: a test is one story. */
#ifndef VEIN_MODULES_ORDER_TESTS_ORDER_GROUND_H
#define VEIN_MODULES_ORDER_TESTS_ORDER_GROUND_H

#include "kernel/tests/fixture.h"
#include "modules/order/order.h"

/* Product "trial": 2e6 (version 1) cells per kg at most 2e8, for C83.3 in eu; workflow "trial" with
 * the parties site and maker. */
#define HEAD(kind, name, version)                                                                  \
    "kind: " kind "\nname: " name "\nversion: " version                                            \
    "\ntitle: Trial\neffective: 2026-01-01T00:00:00Z\n"
#define PRODUCT(version, per_kg, pattern)                                                          \
    HEAD("product", "trial", version)                                                              \
    "workflow: trial\ncoi_pattern: \"" pattern "\"\nmaterial: fresh\nindications: [C83.3]\n"       \
    "jurisdictions: [eu]\ndoses:\n- {per_kg: " per_kg ", cap: 2e8}\n"
#define PATTERN "VN-@@@@-@@@@-@@@@-%%"
#define FAMILY  "Zaunkoenigin"
#define GIVEN   "Wilhelmetta"
#define BORN    "1961-02-03"
#define NUMBER  "KH-77341902"

extern struct fixture f;
extern struct fixture_person physician; /* site 1: everything, and names */
extern struct fixture_person reader;    /* site 1: no names */
extern struct fixture_person maker;     /* site 2: schedules; names of its own patients */
extern struct fixture_person stranger;  /* site 3: everything, there */
extern char patient[40], pseudonym[40], order[40], coi[60]; /* of the last answer */

/* Set up and tear down of a test. */
int open_node(void **state);
int close_node(void **state);
#define CASE(test) cmocka_unit_test_setup_teardown(test, open_node, close_node)

enum outcome load_text(const char *yaml, struct err *e);
void must_load(const char *yaml);
/* A field of the last command's answer. */
void answered(char *out, size_t size, const char *field);

enum outcome enrol(const struct fixture_person *who, int number, const char *family);
enum outcome prescribe(const struct fixture_person *who, const char *indication,
                       const char *jurisdiction, const char *weight);
enum outcome place(const struct fixture_person *who);
/* The same with a command id of the caller's. */
enum outcome place_as(const char *command, const char *which);
/* Each with all that goes before it; must work. */
void enrolled(void);
void prescribed(void);
void placed(void);

struct db *reading(void); /* to be given back */
struct order_order_out order_row(void);
struct order_patient_view shown_to(const struct fixture_person *who);

#endif
