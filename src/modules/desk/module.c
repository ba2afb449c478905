/* Wiring of the desk module: routes alone. */
#include "modules/desk/desk.h"

enum { FORM_MAX = 256 << 10 };

static const struct route module_routes[] = {
    ROUTE("GET", "/", "tower.see", 0, desk_get_tower, "help.tower"),
    ROUTE("GET", "/work", "work.see", 0, desk_get_work, "help.work"),
    ROUTE("GET", "/orders/{order}", "order.see", 0, desk_get_order, "help.order"),
    ROUTE("POST", "/orders/{order}/do/{command}", "signed_in", FORM_MAX, desk_post_order,
          "help.order_do"),
    ROUTE("GET", "/orders/{order}/stop", "order.see", 0, desk_get_stop, "help.stop"),
    ROUTE("GET", "/orders/{order}/tasks/{task}", "order.see", 0, desk_get_task, "help.task"),
    ROUTE("POST", "/orders/{order}/tasks/{task}/complete", "flow.complete", FORM_MAX,
          desk_post_complete, "help.task_complete"),
    ROUTE("GET", "/orders/{order}/tasks/{task}/history", "order.see", 0, desk_get_history,
          "help.task_history"),
    ROUTE("GET", "/orders/{order}/tasks/{task}/print", "order.see", 0, desk_get_print,
          "help.task_print"),
    ROUTE("GET", "/corrections", "flow.review_correction", 0, desk_get_corrections,
          "help.corrections"),
    ROUTE("POST", "/orders/{order}/tasks/{task}/correct", "flow.correct", FORM_MAX,
          desk_post_correct, "help.task_correct"),
    ROUTE("POST", "/orders/{order}/tasks/{task}/do/{command}", "signed_in", FORM_MAX,
          desk_post_task, "help.task_do"),
    ROUTE("GET", "/units/{unit}", "unit.see", 0, desk_get_unit, "help.unit"),
    ROUTE("POST", "/units/{unit}/do/{command}", "signed_in", FORM_MAX, desk_post_unit,
          "help.unit_do"),
};

const struct module desk_module = {
    .name = "desk",
    MODULE_ARRAY(routes),
};
