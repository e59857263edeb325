//! Gates, and everything else that is judged by metrics: triggers, options of decisions, baselines.
//!
//! Called by `stage`, `consent` and `trigger`.

use crate::emit::github::lower::context::{Ctx, baseline_id, over_seconds};
use crate::emit::github::lower::job::JobBuilder;
use crate::emit::github::lower::names;
use crate::emit::github::lower::values::Vars;
use crate::emit::github::lower::work::{How, command_source, extraction};
use crate::emit::github::model::Expr;
use crate::emit::github::script::{Failing, Measure, MeasureEnd, MetricRun, NoDataMeans, Program, Script};
use crate::emit::parts::{Deed, Purpose};
use crate::model::{Comparison, Dur, GateId, GateTest, MetricExpr, MetricId, NoData, Task, TriggerId};

/// What a missing value means for a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Missing {
    /// It holds, for metrics that say so: whatever else is missing has failed the gate before.
    Holds,
    /// It does not hold: a trigger does not act, an option is not taken.
    Fails,
}

impl<'c, 'a> JobBuilder<'c, 'a> {
    /// The steps of a gate that a machine judges.
    pub fn gate(&mut self, id: GateId, how: How) {
        let gate = self.ctx.release.gate(id);
        let verdict = names::verdict(self.ctx.release, id);
        self.leave(&verdict, Expr::StepOutput(how.id.clone(), verdict.clone()));
        match &gate.test {
            GateTest::Run(act) | GateTest::Job(act) => self.act(
                act,
                How {
                    timeout: how.timeout.or(gate.timeout),
                    verdict: Some(verdict),
                    part: Some(Purpose::new(self.at, &gate.name, Deed::Judge(id))),
                    ..how
                },
            ),
            GateTest::Metrics(e) => {
                let mut vars = self.vars("RELEASEC_V");
                vars.parts = vec![Purpose::new(self.at, &gate.name, Deed::Judge(id))];
                let over = over_seconds(gate.over);
                let metrics = self.metrics(&mut vars, e, over, false);
                let holds = self.holds(&mut vars, e, over, Missing::Holds);
                self.guard(&mut vars, how.guarded, false);
                self.seconds += crate::emit::github::lower::segments::gate_seconds(gate);
                let measure = Measure {
                    metrics,
                    guarded: how.guarded,
                    end: MeasureEnd::Gate {
                        holds,
                        samples: gate.samples.max(1),
                        every: gate.every.map_or(60, Dur::as_seconds).max(1),
                        failing: how.failing,
                        verdict,
                        gate: id,
                    },
                };
                let name = format!("Gate: {}", names::title(self.ctx.release, &gate.title));
                self.measure(&how.id, name, how.cond, vars, measure);
            }
            GateTest::Ask(_) => {}
        }
    }

    /// A trigger's look at its metrics, until the stages it watches have ended.
    pub fn watch(
        &mut self,
        (id, e): (TriggerId, &MetricExpr),
        over: Option<Dur>,
        cause: &str,
        chunk: i64,
        mut vars: Vars<'c, 'a>,
    ) {
        const EVERY: i64 = 60;
        let over = over_seconds(over);
        let metrics = self.metrics(&mut vars, e, over, true);
        let holds = self.holds(&mut vars, e, over, Missing::Fails);
        self.guard(&mut vars, true, false);
        self.seconds += chunk;
        let measure = Measure {
            metrics,
            guarded: false,
            end: MeasureEnd::Watch {
                holds,
                every: EVERY,
                chunk,
                cause: cause.to_string(),
                trigger: id,
                calls: super::trigger::calls(self.ctx, id),
            },
        };
        self.measure("watch", "Watch".to_string(), None, vars, measure);
        for output in ["again", "cause"] {
            self.leave(output, Expr::StepOutput("watch".into(), output.into()));
        }
    }

    /// A look whether a trigger would act before anything has begun.
    pub fn quiet(&mut self, (id, e): (TriggerId, &MetricExpr), over: Option<Dur>, cond: Option<Expr>) {
        let name = &self.ctx.release.triggers[id.index()].name;
        let over = over_seconds(over);
        let mut vars = self.vars("RELEASEC_V");
        let metrics = self.metrics(&mut vars, e, over, true);
        let holds = self.holds(&mut vars, e, over, Missing::Fails);
        vars.text("RELEASEC_ALARM", name.as_str());
        self.seconds += 300;
        let measure = Measure {
            metrics,
            guarded: false,
            end: MeasureEnd::Quiet { holds, trigger: id },
        };
        let step = format!("quiet_{}", id.index() + 1);
        self.measure(
            &step,
            format!("Trigger {} is quiet", names::line(name)),
            cond,
            vars,
            measure,
        );
    }

    /// An option of a decision that is taken without asking when its metrics say so.
    pub fn option_by_metrics(&mut self, id: &str, e: &MetricExpr, option: &str, mut vars: Vars<'c, 'a>) {
        let over = over_seconds(None);
        let metrics = self.metrics(&mut vars, e, over, true);
        let holds = self.holds(&mut vars, e, over, Missing::Fails);
        self.seconds += 300;
        let measure = Measure {
            metrics,
            guarded: false,
            end: MeasureEnd::Option {
                holds,
                name: option.to_string(),
            },
        };
        self.measure(id, format!("Is it `{option}`?"), None, vars, measure);
    }

    /// The values that bounds are multiples of, over the same span before the start.
    pub fn baselines(&mut self) {
        for (metric, over) in self.ctx.baselines.clone() {
            let mut vars = self.vars("RELEASEC_V");
            let mut run = self.metric(&mut vars, metric, over, NoDataMeans::Fail);
            run.id = baseline_id(metric, over);
            let step = format!("{}_measured", run.id);
            let output = run.id.clone();
            let name = format!(
                "Baseline of {}",
                names::title(self.ctx.release, &self.ctx.release.metric(metric).title)
            );
            let measure = Measure {
                metrics: vec![run],
                guarded: false,
                end: MeasureEnd::Baseline,
            };
            self.seconds += 300;
            self.measure(&step, name, None, vars, measure);
            self.leave(&output.clone(), Expr::StepOutput(step, output));
        }
    }

    fn measure(
        &mut self,
        id: &str,
        name: String,
        cond: Option<Expr>,
        mut vars: Vars<'c, 'a>,
        measure: Measure,
    ) {
        // Computed values belong to the metric that reads them first; they are exported before any runs.
        let compute = std::mem::take(&mut vars.compute);
        let mut measure = measure;
        if let Some(first) = measure.metrics.first_mut() {
            first.compute = compute;
        }
        self.step(Some(id), name, cond, vars, Script::Measure(Box::new(measure)));
    }

    fn metrics(&mut self, vars: &mut Vars<'c, 'a>, e: &MetricExpr, over: i64, fires: bool) -> Vec<MetricRun> {
        let mut list = Vec::new();
        for metric in measured(e) {
            let no_data = match (fires, self.ctx.release.metric(metric).no_data) {
                (true, _) | (false, Some(NoData::Pass)) => NoDataMeans::Pass,
                (false, Some(NoData::Pause)) => NoDataMeans::Pause,
                (false, Some(NoData::Fail) | None) => NoDataMeans::Fail,
            };
            list.push(self.metric(vars, metric, over, no_data));
        }
        list
    }

    fn metric(
        &mut self,
        vars: &mut Vars<'c, 'a>,
        id: MetricId,
        over: i64,
        no_data: NoDataMeans,
    ) -> MetricRun {
        let metric = self.ctx.release.metric(id);
        let name = format!("m{}", id.0);
        let mut exports = Vec::new();
        let source = if let Some(run) = &metric.run {
            for var in run.env.iter().filter(|v| v.name != "RELEASEC_OVER_SECONDS") {
                let holder = format!("RELEASEC_{}_{}", name.to_uppercase(), var.name);
                vars.bind(&holder, &var.value);
                exports.push((var.name.to_string(), holder));
            }
            for secret in &metric.secrets {
                vars.expr(secret, Expr::Secret(secret.to_string()));
            }
            self.checkout = true;
            self.cloud = true;
            command_source(
                vars,
                &run.script,
                &format!("RELEASEC_{}_COMMAND", name.to_uppercase()),
            )
        } else {
            self.cloud |= matches!(metric.task, Some(Task::Aws { .. }));
            self.source(vars, None, metric.task.as_ref(), &metric.secrets)
                .unwrap_or_else(|| crate::emit::github::script::Source::Bash("true\n".to_string()))
        };
        let how = extraction(
            vars,
            &metric.extract,
            &format!("RELEASEC_{}_TAKE", name.to_uppercase()),
        );
        MetricRun {
            id: name,
            source,
            exports,
            compute: Vec::new(),
            how,
            over,
            no_data,
        }
    }

    fn holds(&mut self, vars: &mut Vars<'c, 'a>, e: &MetricExpr, over: i64, missing: Missing) -> Program {
        for (metric, at) in baselines_of(e, over) {
            let id = baseline_id(metric, at);
            vars.needs.insert("baseline".to_string());
            vars.expr(&id, Expr::Output("baseline".to_string(), id.clone()));
        }
        let text = program(self.ctx, e, over, missing, false);
        let mut args: Vec<String> = measured(e).iter().map(|m| format!("m{}", m.0)).collect();
        args.extend(
            baselines_of(e, over)
                .into_iter()
                .map(|(m, at)| baseline_id(m, at)),
        );
        args.dedup();
        Program {
            text,
            args,
            decides: None,
            word: None,
        }
    }
}

/// The metrics that are measured, each once: baselines are measured before the start.
fn measured(e: &MetricExpr) -> Vec<MetricId> {
    let mut list = Vec::new();
    visit(e, &mut |metric, _| {
        if !list.contains(&metric) {
            list.push(metric);
        }
    });
    list
}

fn baselines_of(e: &MetricExpr, over: i64) -> Vec<(MetricId, i64)> {
    let mut list = Vec::new();
    visit(e, &mut |_, baseline| {
        if let Some(m) = baseline
            && !list.contains(&(m, over))
        {
            list.push((m, over));
        }
    });
    list
}

fn visit(e: &MetricExpr, f: &mut impl FnMut(MetricId, Option<MetricId>)) {
    match e {
        MetricExpr::Const(_) => {}
        MetricExpr::And(l) | MetricExpr::Or(l) => l.iter().for_each(|e| visit(e, f)),
        MetricExpr::Not(e) => visit(e, f),
        MetricExpr::Compare {
            metric, of_baseline, ..
        } => f(*metric, *of_baseline),
    }
}

/// The condition over `$m3`, with `not` pushed down to the comparisons so that a missing value counts the same everywhere.
fn program(ctx: &Ctx<'_>, e: &MetricExpr, over: i64, missing: Missing, negated: bool) -> String {
    match e {
        MetricExpr::Const(b) => (*b != negated).to_string(),
        MetricExpr::Not(e) => program(ctx, e, over, missing, !negated),
        MetricExpr::And(l) | MetricExpr::Or(l) => {
            let all = matches!(e, MetricExpr::And(_)) != negated;
            let parts: Vec<_> = l
                .iter()
                .map(|e| program(ctx, e, over, missing, negated))
                .collect();
            match (parts.is_empty(), all) {
                (true, all) => all.to_string(),
                (false, true) => format!("({})", parts.join(" and ")),
                (false, false) => format!("({})", parts.join(" or ")),
            }
        }
        MetricExpr::Compare {
            metric,
            op,
            bound,
            of_baseline,
            ..
        } => {
            let op = if negated { opposite(*op) } else { *op };
            let value = format!("($m{} | fromjson)", metric.0);
            let bound = match of_baseline {
                None => bound.decimal(),
                Some(b) => format!("(${} | tonumber) * {}", baseline_id(*b, over), bound.decimal()),
            };
            let holds = format!("{value} {} {bound}", op.sign());
            match missing {
                Missing::Fails => format!("({value} != null and {holds})"),
                Missing::Holds if ctx.release.metric(*metric).no_data == Some(NoData::Pass) => {
                    format!("({value} == null or {holds})")
                }
                Missing::Holds => format!("({holds})"),
            }
        }
    }
}

fn opposite(op: Comparison) -> Comparison {
    match op {
        Comparison::Lt => Comparison::Ge,
        Comparison::Le => Comparison::Gt,
        Comparison::Gt => Comparison::Le,
        Comparison::Ge => Comparison::Lt,
        Comparison::Eq => Comparison::Ne,
        Comparison::Ne => Comparison::Eq,
    }
}

/// What the failure of a gate means for the job that judges it.
pub fn failing(ctx: &Ctx<'_>, id: GateId, stage_goes_on: bool) -> Failing {
    use crate::model::{FailureOutcome, GateOutcome};
    let gate = ctx.release.gate(id);
    match &gate.otherwise {
        Some((GateOutcome::Then(FailureOutcome::Continue { .. }), _)) => Failing::Noted,
        Some(_) => Failing::Cause(cause(ctx, id)),
        None if stage_goes_on => Failing::Stage,
        None => Failing::Cause(cause(ctx, id)),
    }
}

/// What a gate's failure is called where it is settled.
pub fn cause(ctx: &Ctx<'_>, id: GateId) -> String {
    format!("gate:{}", crate::emit::environments::gate_slug(ctx.release, id))
}
