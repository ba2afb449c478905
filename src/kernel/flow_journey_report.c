/* A journey's report as text, and the sandbox of workflows: one journey, tried on a draft. */
#include "kernel/flow_journey.h"

void flow_journey_write(struct buf *b, const struct flow_journey_report *r, struct str language,
                        struct arena *arena)
{
    static const char *const marks[] = {
        [JOURNEY_STEP] = "- ",     [JOURNEY_FOLLOWS] = "    ", [JOURNEY_REFUSED] = "    ",
        [JOURNEY_FAILED] = "  ! ", [JOURNEY_DIFFERS] = "  ~ ",
    };
    for (size_t i = 0; i < r->n; i++) {
        char text[CLOCK_TEXT_LENGTH + 1];
        struct buf at = buf_over(text, sizeof text);
        struct str line = flow_journey_text(&r->lines[i], language, arena);
        clock_write(&at, r->lines[i].at);
        buf_printf(b, "%.10s %.5s %s%.*s\n", text, text + 11, marks[r->lines[i].sort], STR(line));
    }
    for (size_t i = 0; i < r->nopen; i++)
        buf_printf(b, "%s%.*s%s", i == 0 ? "open at the end: " : ", ", STR(r->open[i]),
                   i + 1 == r->nopen ? "\n" : "");
}

enum outcome flow_journey_trial(struct define_trial *out, const struct define_context *context,
                                const struct definition *workflow, struct str input, struct err *e)
{
    const struct flow_journey_trial trial = { workflow, context, S("en") };
    const struct flow_journey *journey;
    struct flow_journey_report report;
    if (str_trim(input).n == 0)
        return REFUSE(e, "journey.needed");
    TRY(flow_journey_read(&journey, input, context->arena, e));
    TRY(flow_journey_run(&report, journey, &trial, e));
    struct buf b = buf_in(context->arena, 16 * DEFINE_REPORT_MAX);
    flow_journey_write(&b, &report, S("en"), context->arena);
    out->passed = report.nfailed == 0;
    out->report = buf_get(&b);
    return OK;
}
