//! What a clock does: starting the release, and opening and closing a window that comes again.
//!
//! A schedule's five fields become the six of EventBridge Scheduler. Must not know what a run does.

use super::Lower;
use super::iam::{service, statement};
use super::variables::Variable;
use crate::emit::people::iam_role;
use crate::emit::stepfunctions::{naming, permits};
use crate::emit::terraform::model::{Block, Item, Val};
use crate::model::{StartedBy, Weekday, Window};
use jiff::civil::Time;

impl Lower<'_> {
    /// `scheduler.tf`
    pub fn scheduler(&mut self) -> Vec<Block> {
        let release = self.release;
        let mut schedules = Vec::new();
        let mut rights = Vec::new();
        if let Some((StartedBy::Schedule { cron, zone }, origin)) = &release.started_by {
            let inputs = self.variables.need(Variable::new(
                "scheduled_inputs",
                "any",
                "The inputs of a run that the clock starts; `releasec.commit` is the commit whose scripts are run.",
            ));
            let target = Block::new("target", &[])
                .attr("arn", Val::of("aws_sfn_alias.live.arn"))
                .attr("role_arn", Val::of("aws_iam_role.scheduler.arn"))
                .attr("input", Val::Call("jsonencode", vec![Val::of(inputs)]));
            let expressions = crons(cron);
            for (i, expression) in expressions.iter().enumerate() {
                let key = if i == 0 {
                    "start".to_string()
                } else {
                    ["start_", &(i + 1).to_string()].concat()
                };
                let block = self.schedule(&key, expression, zone.as_deref(), target.clone());
                schedules.push(self.from(origin, block));
            }
            rights.push(statement(
                "start the release",
                &["states:StartExecution"],
                vec![
                    Val::of("aws_sfn_alias.live.arn"),
                    Val::of("aws_sfn_state_machine.release.arn"),
                ],
            ));
        }
        if let Some(window) = release.window.as_ref().filter(|_| permits::recurring(self.plan)) {
            schedules.extend(self.window(window));
            rights.push(statement(
                "open and close the window",
                &["ssm:PutParameter"],
                vec![Val::of("aws_ssm_parameter.window.arn")],
            ));
        }
        if schedules.is_empty() {
            return Vec::new();
        }
        rights.push(super::iam::key_rights("read the key of what is started"));
        let document = |key: &str| Val::of(["data.aws_iam_policy_document.", key, ".json"].concat());
        let mut blocks = vec![
            Block::data("aws_iam_policy_document", "scheduler_trust")
                .block(service("scheduler.amazonaws.com")),
            Block::resource("aws_iam_role", "scheduler")
                .attr("name", iam_role(release, "scheduler"))
                .attr("assume_role_policy", document("scheduler_trust")),
            rights
                .into_iter()
                .fold(Block::data("aws_iam_policy_document", "scheduler"), Block::block),
            Block::resource("aws_iam_role_policy", "scheduler")
                .attr("name", "release")
                .attr("role", Val::of("aws_iam_role.scheduler.id"))
                .attr("policy", document("scheduler")),
        ];
        blocks.extend(schedules);
        blocks
    }

    fn schedule(&self, key: &str, expression: &str, zone: Option<&str>, target: Block) -> Block {
        Block::resource("aws_scheduler_schedule", key)
            .attr(
                "name",
                [&naming::machine(self.release), "-", &key.replace('_', "-")].concat(),
            )
            .attr("schedule_expression", ["cron(", expression, ")"].concat())
            .attr("schedule_expression_timezone", zone.unwrap_or("UTC"))
            .attr("kms_key_arn", Val::of("aws_kms_key.release.arn"))
            .block(Block::new("flexible_time_window", &[]).attr("mode", "OFF"))
            .block(target)
    }

    /// The parameter that says whether the window is open, and what sets it.
    fn window(&self, window: &Window) -> Vec<Block> {
        let name = naming::window_parameter(self.release);
        let (opens, closes) = edges(window);
        let always = opens.is_none();
        let parameter = Block::resource("aws_ssm_parameter", "window")
            .above("Whether the window is open; closed until it opens next.")
            .note("checkov:skip=CKV2_AWS_34:whether the window is open is no secret; the machine reads it as it is")
            .attr("name", &*name)
            .attr("type", "String")
            .attr("value", if always { "open" } else { "closed" })
            .block(
                Block::new("lifecycle", &[]).attr("ignore_changes", Val::List(vec![Val::of("value")])),
            );
        let mut blocks = vec![self.from(&window.origin, parameter)];
        let target = |value: &str| {
            let input = Val::object([
                ("Name", Val::from(&*name)),
                ("Value", Val::from(value)),
                ("Type", Val::from("String")),
                ("Overwrite", Val::Bool(true)),
            ]);
            let mut target = Block::new("target", &[]);
            target.items.push(Item::Attr(
                "arn".into(),
                Val::from("arn:aws:scheduler:::aws-sdk:ssm:putParameter"),
            ));
            target
                .attr("role_arn", Val::of("aws_iam_role.scheduler.arn"))
                .attr("input", Val::Call("jsonencode", vec![input]))
        };
        for (key, value, at) in [
            ("window_opens", "open", opens),
            ("window_closes", "closed", closes),
        ] {
            if let Some(expression) = at {
                blocks.push(self.schedule(key, &expression, window.zone.as_deref(), target(value)));
            }
        }
        blocks
    }
}

/// When a recurring window opens and closes; neither when it is always open.
fn edges(window: &Window) -> (Option<String>, Option<String>) {
    let on = |d: Weekday| window.days.is_empty() || window.days.contains(&d);
    let end_of_day = |t: Time| t.hour() == 23 && t.minute() == 59 && t.second() == 59;
    let (from, to) = window.hours.unwrap_or((Time::midnight(), Time::midnight()));
    let whole = from == Time::midnight() && (to == Time::midnight() || end_of_day(to));
    let day = |i: usize| Weekday::ALL[i % 7];
    let (mut opens, mut closes) = (Vec::new(), Vec::new());
    for i in 0..7 {
        if whole {
            if on(day(i)) && !on(day(i + 6)) {
                opens.push(day(i));
            }
            if !on(day(i)) && on(day(i + 6)) {
                closes.push(day(i));
            }
        } else if on(day(i)) {
            opens.push(day(i));
            closes.push(day(i + usize::from(to <= from || end_of_day(to))));
        }
    }
    let close_at = if end_of_day(to) { Time::midnight() } else { to };
    let spell = |days: &[Weekday], at: Time| {
        if days.is_empty() {
            return None;
        }
        let names: Vec<String> = Weekday::ALL
            .into_iter()
            .filter(|d| days.contains(d))
            .map(|d| d.word().to_ascii_uppercase())
            .collect();
        Some(format!("{} {} ? * {} *", at.minute(), at.hour(), names.join(",")))
    };
    (spell(&opens, from), spell(&closes, close_at))
}

/// The expressions of a schedule of five fields: two when it names days of the month and of the week, as either will do.
fn crons(five: &str) -> Vec<String> {
    let fields: Vec<&str> = five.split_whitespace().collect();
    let [minute, hour, day, month, week] = fields.as_slice() else {
        return Vec::new();
    };
    let week = weekdays(week);
    let of = |day: &str, week: &str| [minute, hour, day, month, week, "*"].join(" ");
    match (*day, week.as_str()) {
        (day, "*") => vec![of(day, "?")],
        ("*", week) => vec![of("?", week)],
        (day, week) => vec![of(day, "?"), of("?", week)],
    }
}

/// Days of the week, counted from Sunday as 1 instead of 0; a step or a name stays.
fn weekdays(field: &str) -> String {
    let day = |text: &str| match text.parse::<u8>() {
        Ok(n) => (n % 7 + 1).to_string(),
        Err(_) => text.to_ascii_uppercase(),
    };
    let part = |part: &str| {
        let (range, step) = part.split_once('/').map_or((part, None), |(r, s)| (r, Some(s)));
        let range: Vec<String> = range.split('-').map(day).collect();
        let range = match range.as_slice() {
            // Saturday to Sunday, and what ends with a Sunday written as 7, runs over the end of the week.
            [from, to] if to == "1" && from != "1" => [from, "-7,1"].concat(),
            _ => range.join("-"),
        };
        match step {
            Some(step) => [&range, "/", step].concat(),
            None => range,
        }
    };
    field.split(',').map(part).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::crons;

    #[test]
    fn days_of_the_week_count_from_one() {
        assert_eq!(crons("30 2 * * 1-5"), ["30 2 ? * 2-6 *"]);
        assert_eq!(crons("0 9 * * 0"), ["0 9 ? * 1 *"]);
        assert_eq!(crons("0 9 * * mon,5-7"), ["0 9 ? * MON,6-7,1 *"]);
        assert_eq!(crons("0 9 1 * *"), ["0 9 1 * ? *"]);
    }

    #[test]
    fn a_day_of_the_month_or_of_the_week_will_do() {
        assert_eq!(crons("0 9 1 * 1"), ["0 9 1 * ? *", "0 9 ? * 2 *"]);
    }
}
