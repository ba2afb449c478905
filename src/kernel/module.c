/* What modules register with the kernel's registers of kinds, points and jobs. */
#include "kernel/module.h"

#include "kernel/define.h"
#include "kernel/file.h"
#include "kernel/flow.h"
#include "kernel/job.h"
#include "kernel/sign_strength.h"

enum { KINDS_MAX = 64, POINT_TABLES_MAX = 16, JOBS_MAX = 64 };

void modules_use(const struct module *const *modules, size_t n)
{
    static const struct define_kind *kinds[KINDS_MAX];
    const struct flow_point *points[POINT_TABLES_MAX];
    size_t npoints[POINT_TABLES_MAX];
    static const struct job_kind *jobs[JOBS_MAX];
    size_t nkinds = 0;
    size_t njobs = 0;
    size_t ntables = 0;
    for (size_t m = 0; m < n; m++) {
        BUG_ON(nkinds + modules[m]->nkinds > KINDS_MAX);
        for (size_t i = 0; i < modules[m]->nkinds; i++)
            kinds[nkinds++] = modules[m]->kinds[i];
        if (modules[m]->use)
            modules[m]->use();
        file_use_rules(modules[m]->files, modules[m]->nfiles);
        BUG_ON(njobs + modules[m]->njobs > JOBS_MAX);
        for (size_t i = 0; i < modules[m]->njobs; i++)
            jobs[njobs++] = modules[m]->jobs[i];
        if (modules[m]->npoints == 0)
            continue;
        BUG_ON(ntables == POINT_TABLES_MAX);
        points[ntables] = modules[m]->points;
        npoints[ntables++] = modules[m]->npoints;
    }
    sign_strength_use(modules, n);
    if (nkinds > 0)
        define_use(kinds, nkinds);
    if (njobs > 0)
        job_use(jobs, njobs);
    if (ntables > 0)
        flow_use_points(points, npoints, ntables);
}
