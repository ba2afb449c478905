/* What puts an order at risk, and which of several reasons is told. partial: ORC-05, LOG-04 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "modules/desk/forecast.h"

static const int64_t now = INT64_C(1795426200) * TIME_SECOND;

static struct flow_task tasks[] = {
    { .name = { "a", 1 }, .title = { "Pack out", 8 } },
    { .name = { "b", 1 }, .title = { "Sterility", 9 }, .late = true }
};
static struct flow_stage stage = { .tasks = { tasks, 2 } };
static struct workflow workflow = { .stages = { &stage, 1 } };
static struct flow_open_task opened[2];
static struct desk_order order;
static struct desk_outlook outlook;
static struct page page;
static struct arena *arena;

static int calm(void **state)
{
    static const char *const dates[DESK_MILESTONES] = { "collection", "receipt", "release",
                                                        "delivery", "infusion" };
    static struct buf b;
    (void)state;
    arena = arena_new(1 << 20);
    assert_non_null(arena);
    b = buf_in(arena, 100);
    page = (struct page){ .b = &b, .language = S("en"), .now_us = now };
    opened[0] = (struct flow_open_task){ .task = S("a"), .number = 1 };
    opened[1] = (struct flow_open_task){ .task = S("b"), .number = 2 };
    order = (struct desk_order){ .flow = { .found = true, .workflow = &workflow } };
    order.flow.tasks = opened;
    order.flow.ntasks = 2;
    outlook = (struct desk_outlook){ 0 };
    for (size_t i = 0; i < DESK_MILESTONES; i++) {
        const int64_t day = now + (int64_t)i * 5 * TIME_DAY;
        outlook.milestones[i] = (struct desk_milestone){
            .what = str_z(dates[i]),
            .planned = day + TIME_DAY,
            .moment = { FLOW_FORECAST, day, day + TIME_DAY, day + 2 * TIME_DAY - 1 },
        };
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void is(int level, const char *why)
{
    const struct desk_risk risk = desk_risk(&order, &outlook, &page);
    char got[200];
    snprintf(got, sizeof got, "%.*s", STR(risk.why));
    assert_string_equal(got, why);
    assert_int_equal(risk.level, level);
}

static void nothing_is_told_of_what_is_calm(void **state)
{
    (void)state;
    is(DESK_RISK_NONE, "");
    outlook.milestones[4].moment.kind = FLOW_BY_LIMITS; /* what may be by limits is no risk */
    outlook.milestones[4].moment.late = outlook.milestones[4].planned + 90 * TIME_DAY;
    is(DESK_RISK_NONE, "");
    outlook.milestones[0].moment.kind = FLOW_DONE; /* what was late is behind */
    outlook.milestones[0].moment.middle = now + 9 * TIME_DAY;
    is(DESK_RISK_NONE, "");
}

static void behind_the_plan(void **state)
{
    (void)state;
    outlook.milestones[1].moment.late += 3 * TIME_DAY;
    is(DESK_RISK_WATCH, "Receipt may be 3 d late");
    outlook.milestones[3].moment.late += 2 * TIME_DAY; /* what it leads to is told */
    is(DESK_RISK_WATCH, "Delivery may be 2 d late");
    outlook.milestones[1].moment.middle += 2 * TIME_DAY;
    is(DESK_RISK_HIGH, "Receipt likely 2 d late");
    outlook.milestones[0].planned = now - 4 * TIME_DAY;
    outlook.milestones[1].planned = TIME_NONE;
    outlook.milestones[0].moment.kind = FLOW_UNKNOWN;
    is(DESK_RISK_HIGH, "Collection is 4 d late");
}

static void a_late_task_that_holds_up_others_weighs_more(void **state)
{
    (void)state;
    opened[1].overdue = true;
    is(DESK_RISK_WATCH, "Late: Sterility");
    opened[0].overdue = true;
    is(DESK_RISK_HIGH, "Late: Pack out");
    opened[0].done = true;
    is(DESK_RISK_WATCH, "Late: Sterility");
}

static void living_material_in_time(void **state)
{
    (void)state;
    order.ncountdowns = 1;
    order.countdowns[0] = (struct flow_countdown){ S("fresh"), S("Bag"), now + 40 * TIME_HOUR };
    outlook.uses[0] =
        (struct flow_moment){ FLOW_FORECAST, now, now + 20 * TIME_HOUR, now + 30 * TIME_HOUR };
    is(DESK_RISK_NONE, "");
    outlook.uses[0].late = now + 41 * TIME_HOUR;
    is(DESK_RISK_WATCH, "Bag: may be used too late");
    outlook.uses[0].middle = now + 41 * TIME_HOUR;
    is(DESK_RISK_HIGH, "Bag: likely used too late");
    outlook.uses[0].kind = FLOW_UNKNOWN;
    is(DESK_RISK_NONE, "");
    order.countdowns[0].until = now + 11 * TIME_HOUR;
    is(DESK_RISK_WATCH, "Bag: little time left");
    order.countdowns[0].until = now - 1;
    is(DESK_RISK_HIGH, "Bag: time is over");
}

static void what_quality_has_to_decide(void **state)
{
    (void)state;
    order.sees_deviation = true;
    order.deviation = S("minor");
    is(DESK_RISK_NONE, "");
    order.deviation = S("major");
    is(DESK_RISK_WATCH, "Major deviation open");
    order.deviation = S("critical");
    is(DESK_RISK_HIGH, "Critical deviation open");
    order.sees_deviation = false; /* the level is the same, what it is about is not said */
    is(DESK_RISK_HIGH, "Quality has to decide");
    order.flow.state = FLOW_ENDED;
    is(DESK_RISK_NONE, "");
}

static void stopped_before_all_else(void **state)
{
    (void)state;
    order.flow.state = FLOW_HELD;
    is(DESK_RISK_WATCH, "On hold");
    opened[0].overdue = true;
    is(DESK_RISK_HIGH, "Late: Pack out");
    order.stop.standing = true;
    order.stop.point = S("some_point");
    is(DESK_RISK_HIGH, "Stopped: some point");
    order.flow.state = FLOW_ENDED;
    is(DESK_RISK_HIGH, "Stopped: some point");
    order.stop.standing = false;
    is(DESK_RISK_NONE, "");
    order.flow.state = FLOW_RUNNING;
    order.stop.discarding = true;
    is(DESK_RISK_HIGH, "Units to be discarded");
}

int main(void)
{
    text_use(text_rows, text_rows_count);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_told_of_what_is_calm, calm, end),
        cmocka_unit_test_setup_teardown(behind_the_plan, calm, end),
        cmocka_unit_test_setup_teardown(what_quality_has_to_decide, calm, end),
        cmocka_unit_test_setup_teardown(a_late_task_that_holds_up_others_weighs_more, calm, end),
        cmocka_unit_test_setup_teardown(living_material_in_time, calm, end),
        cmocka_unit_test_setup_teardown(stopped_before_all_else, calm, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
