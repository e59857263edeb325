//! Who is called: by a failure that asks its owner, and by a trigger after which the run goes on.
//!
//! Must not know how a channel is told (`work` does). Called by `settle` and `trigger`.

use super::job::{JobBuilder, success_and};
use super::work::How;
use super::{gate, names};
use crate::emit::environments::gates_of;
use crate::emit::github::model::Expr;
use crate::emit::github::script::Failing;
use crate::emit::parts::{At, Purpose};
use crate::model::{ChannelId, Failure, FailureOutcome, GateOutcome, StageId, Text, TriggerId};

/// `then escalate(CHANNEL)` of a stage and `otherwise escalate(CHANNEL)` of its gates, also when handing over has failed; `others` are the causes that have outcomes of their own.
pub fn of_failure<'k>(
    b: &mut JobBuilder<'_, '_>,
    stage: StageId,
    cause: &Expr,
    others: impl Iterator<Item = &'k String>,
) {
    let ctx = b.ctx;
    let s = ctx.release.stage(stage);
    let message = || {
        said(
            &ctx.release.title,
            &format!(": {} failed; somebody is needed", s.name),
        )
    };
    let part = |c: ChannelId| vec![Purpose::call_of_failure(stage, ctx.release.channel(c))];
    if let Some(Failure::Then(FailureOutcome::Escalate(channel))) = s.on_failure.as_ref().map(|f| &f.then) {
        let apart = others
            .filter(|k| *k != "default")
            .map(|k| cause.clone().differs(k));
        let cond = Some(Expr::all([Expr::not_cancelled()].into_iter().chain(apart)));
        b.tell(*channel, &message(), ("call".to_string(), part(*channel)), cond);
    }
    for gate in gates_of(s) {
        if let Some((GateOutcome::Then(FailureOutcome::Escalate(channel)), _)) =
            &ctx.release.gate(gate).otherwise
        {
            let own = cause.clone().is(&gate::cause(ctx, gate));
            let id = format!("call_{}", names::verdict(ctx.release, gate));
            let cond = Some(Expr::all([Expr::not_cancelled(), own]));
            b.tell(*channel, &message(), (id, part(*channel)), cond);
        }
    }
}

/// What a trigger does that only calls somebody, once it has fired.
pub fn of_trigger(b: &mut JobBuilder<'_, '_>, id: TriggerId, channel: ChannelId) {
    let ctx = b.ctx;
    let trigger = &ctx.release.triggers[id.index()];
    let fired = || success_and([Expr::StepOutput("watch".into(), "fired".into()).is("true")]);
    b.at = At::Aside;
    for step in &trigger.steps {
        let how = How {
            id: format!("f_{}", step.slug),
            cond: fired(),
            failing: Failing::Nothing,
            ..How::of(step)
        };
        b.do_step(step, how);
    }
    let message = said(
        &ctx.release.title,
        &format!(": trigger {} has fired", trigger.name),
    );
    let part = vec![Purpose::call_of_trigger(trigger)];
    b.tell(channel, &message, ("call".to_string(), part), fired());
}

fn said(title: &Text, what: &str) -> Text {
    let mut text = title.clone();
    text.push_lit(what);
    text
}
