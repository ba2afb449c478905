/* The mandatory points as data: what flow makes of them, and what a check at each expects. */
#include "modules/identity/identity_impl.h"

#define ANY  ""
#define NONE NULL
#define ACTS(...)                                                                                  \
    {                                                                                              \
        "flow.hold", __VA_ARGS__                                                                   \
    }

#define OF_PATIENT      true
#define OF_PATIENT_EACH true
#define OF_UNITS        false
#define OF_EACH         false
#define ANYWHERE
#define GATE        .gate = true,
#define BEHIND(...) .behind = { __VA_ARGS__ },
#define ORIGIN(...) .origin = { __VA_ARGS__ },
#define INSTEAD(a)  .instead = a,
#define POINT(n, a, m, safe, minutes, age, persons, expects, when, also, place, acts)              \
    { .name = #n,                                                                                  \
      .act = #a,                                                                                   \
      .material = m,                                                                               \
      .safe_state = #safe,                                                                         \
      .safe_acts = acts,                                                                           \
      .subject = OF_##expects,                                                                     \
      place.respond_us = minutes * TIME_MINUTE },
const struct flow_point identity_points[IDENTITY_POINTS] = {
#include "modules/identity/points.def"
};
#undef POINT

#define EXPECTS_PATIENT      .patient = true
#define EXPECTS_UNITS        .units = true
#define EXPECTS_EACH         .units = true, .each = true
#define EXPECTS_PATIENT_EACH .patient = true, .units = true, .each = true
#define WHEN_BEFORE          .before = true
#define WHEN_AFTER           .before = false
#define POINT(n, a, m, safe, minutes, age, number, expects, when, another, place, acts)            \
    { .point = &identity_points[IDENTITY_POINT_##n],                                               \
      .persons = number,                                                                           \
      .age_us = age * TIME_MINUTE,                                                                 \
      EXPECTS_##expects,                                                                           \
      WHEN_##when,                                                                                 \
      .also = #another },
static const struct identity_rule rules[IDENTITY_POINTS] = {
#include "modules/identity/points.def"
};
#undef POINT

const struct identity_rule *identity_rule_find(struct str point)
{
    for (size_t i = 0; i < IDENTITY_POINTS; i++)
        if (str_is(point, rules[i].point->name))
            return &rules[i];
    return NULL;
}

int identity_persons(struct str point)
{
    const struct identity_rule *rule = identity_rule_find(point);
    return rule ? rule->persons : 2;
}

int64_t identity_pass_age(struct str point)
{
    const struct identity_rule *rule = identity_rule_find(point);
    return rule ? rule->age_us : 0;
}

bool identity_point_asks_patient(struct str point)
{
    const struct identity_rule *rule = identity_rule_find(point);
    return rule && rule->patient;
}

bool identity_point_asks_units(struct str point)
{
    const struct identity_rule *rule = identity_rule_find(point);
    return rule && rule->units;
}

bool identity_point_one_by_one(struct str point)
{
    const struct identity_rule *rule = identity_rule_find(point);
    return rule && rule->each;
}

bool identity_point_after(struct str point)
{
    const struct identity_rule *rule = identity_rule_find(point);
    return rule && !rule->before;
}

bool identity_point_also(struct str point, struct str act)
{
    const struct identity_rule *rule = identity_rule_find(point);
    return rule && act.n > 0 && str_is(act, rule->also);
}
