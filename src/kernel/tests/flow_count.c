#include "kernel/tests/flow_count.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

const char count_form[] = TRIAL_HEAD(
    "form", "count",
    "1") "double_entry: true\n"
         "fields:\n"
         "- {name: cells, label: Cells, type: quantity, unit: 10*6, required: true}\n"
         "- {name: twice, label: Twice, type: computed, unit: 10*6, formula: cells * 2}\n"
         "- {name: remark, label: Remark, type: text, sealed: true}\n"
         "- {name: counted, label: Counted, type: signature, meaning: Counted, role: nurse}\n"
         "- {name: checked, label: Checked, type: signature, meaning: Checked, role: nurse}\n";

const char count_workflow[] = TRIAL_HEAD(
    "workflow", "counting",
    "1") "product: trial\n"
         "material: fresh\n"
         "parts: [site, maker]\n"
         "stages:\n"
         "- name: s\n"
         "  title: S\n"
         "  tasks:\n"
         "  - {name: identify, title: Identify, part: site, role: nurse, act: collect,\n"
         "     checks: [patient]}\n"
         "  - {name: count, title: Count, part: site, role: nurse, form: count}\n"
         "  - name: receive\n"
         "    title: Receive\n"
         "    part: maker\n"
         "    role: operator\n"
         "    act: receive\n"
         "    checks: [receipt]\n"
         "    guards: [{name: signed, text: the count is checked, fact: 'signed:checked'}]\n";

static void answered(void *context, const struct gate_answer *answer)
{
    ((struct count_sent *)context)->answer = *answer;
}

void count_load(struct trial *t)
{
    struct err e = { 0 };
    if (trial_load(t, count_form, &e) != OK || trial_load(t, count_workflow, &e) != OK)
        fail_msg("%s at %.*s", e.code, STR(err_param(&e, "at")));
}

void count_submit(struct trial *t, struct count_sent *s, const struct fixture_person *who,
                  int number, const char *cells)
{
    struct err e = { 0 };
    snprintf(s->body, sizeof s->body,
             "{\"order\":\"%s\",\"task\":\"count\",\"inputs\":[{\"name\":\"cells\","
             "\"entered\":\"%s\"}]}",
             t->order, cells);
    s->command = (struct gate_command){
        .id = fixture_id('c', number),
        .name = S("flow.complete"),
        .body = str_z(s->body),
        .actor = &who->actor,
        .happened = TIME_NONE,
        .entered = TIME_NONE,
        .arena = t->f.arena,
    };
    assert_int_equal(gate_submit(t->f.node.gate, &s->command, answered, s, &e), OK);
}

void count_run(struct trial *t)
{
    struct err e = { 0 };
    size_t ran = 1;
    while (ran > 0)
        assert_int_equal(gate_step(t->f.node.gate, &ran, &e), OK);
}
