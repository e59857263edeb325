//! Plans drawn at random, line by line, so that whoever finds one wrong can take lines out of it until little is left.

use releasec::run::Chance;
use std::fmt::Write;

/// People, places, gates and actions that the plans share.
const AROUND: &str = r#"person ana { name "Ana Ruiz" }
person ben { name "Ben Okoro" }
role operations { title "Operations"; at_least 5 }
role leads { title "Leads"; at_least 5; excludes operations }
role board { title "Change board"; at_least 5; excludes operations, leads }
environment staging { kind staging }
environment production { kind production }
channel room(name: string) { title "${name}"; run "./post.sh" }
action undo_it(what: string) { title "Undo ${what}"; run "./undo.sh ${what}"; changes "app:${what}"; takes 1m .. 5m }
action work(what: string) { title "Do ${what}"; run "./do.sh ${what}"; changes "app:${what}"; takes 1m .. 10m; undo undo_it(what) }
action shift_back(what: string, from: percent) { title "Shift ${what} back from ${from}"; run "./back.sh ${what} ${from}"; changes "app:${what}"; takes 1m .. 2m }
action shift(what: string, to: percent) { title "Shift ${what} to ${to}"; run "./shift.sh ${what} ${to}"; changes "app:${what}"; takes 1m .. 3m; undo shift_back(what, from: to) }
"#;

/// The gates, of which a plan has those that it uses.
const GATES: &[(&str, &str)] = &[
    (
        "smoke",
        r#"gate smoke { title "It answers"; run "./smoke.sh" { changes nothing }; exercises "app" }"#,
    ),
    (
        "looks",
        r#"gate looks { title "It looks right"; ask "Does it look right?"; owner leads; otherwise pause }"#,
    ),
    (
        "calm",
        r#"gate calm { title "It is calm"; run "./calm.sh" { changes nothing }; otherwise continue { because "known" } }"#,
    ),
    (
        "held",
        r#"gate held { title "It holds"; run "./held.sh" { changes nothing }; otherwise stop }"#,
    ),
];

/// What a plan is drawn with.
struct Draw {
    chance: Chance,
    out: String,
    stages: usize,
    approvals: usize,
    decision: bool,
    flag: bool,
}

/// The lines of a plan. Most are sound; those in which `check` finds an error are of no use.
pub fn plan(seed: u64) -> String {
    let mut chance = Chance::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0x5851_F42D_4C95_7F2D);
    let stages = 1 + chance.below(4);
    let approvals = 1 + chance.below(2);
    let decision = chance.one_in(4);
    let flag = chance.one_in(3);
    let mut d = Draw {
        chance,
        out: String::new(),
        stages,
        approvals,
        decision,
        flag,
    };
    if flag {
        d.line("param flag: bool = true");
    }
    d.release();
    let uses = |gate: &str| {
        ["verify", "require", "skips a0,"]
            .iter()
            .any(|word| d.out.contains(&format!("{word} {gate}")))
    };
    let gates: Vec<&str> = GATES.iter().filter(|g| uses(g.0)).map(|g| g.1).collect();
    format!("{AROUND}{}\n{}", gates.join("\n"), d.out)
}

impl Draw {
    fn line(&mut self, text: &str) {
        self.out.push_str(text);
        self.out.push('\n');
    }

    fn once_in(&mut self, n: usize) -> bool {
        self.chance.one_in(n)
    }

    fn of<'a>(&mut self, list: &[&'a str]) -> &'a str {
        list[self.chance.below(list.len())]
    }

    fn stage(&mut self) -> String {
        format!("s{}", self.chance.below(self.stages))
    }

    /// A stage before this one, if there is any.
    fn before(&mut self, i: usize) -> Option<String> {
        (i > 0).then(|| format!("s{}", self.chance.below(i)))
    }

    fn condition(&mut self) -> Option<String> {
        let mut said = Vec::new();
        if self.flag {
            said.extend(["flag", "not flag"]);
        }
        if self.decision {
            said.extend(["far is wide", "far is near"]);
        }
        if said.is_empty() {
            return None;
        }
        Some(self.of(&said).to_owned())
    }

    fn release(&mut self) {
        self.line("release shop {");
        self.line("title \"Shop\"; version \"2\"; author ana; owner operations; in production");
        if self.once_in(6) {
            let then = self.of(&["pause", "stop", "rollback", "continue { because \"known\" }"]);
            self.line(&format!("on_failure {{ then {then} }}"));
        }
        for i in 0..self.approvals {
            let from = self.of(&["leads", "board"]);
            let mut more = String::new();
            if self.once_in(3) {
                let s = self.stage();
                let _ = write!(more, "; after {s}");
            }
            if self.once_in(4) {
                more.push_str("; quorum 2");
            }
            if self.once_in(5) {
                more.push_str("; valid 6h");
            }
            if self.once_in(6) {
                let s = self.stage();
                more.push_str(&match self.chance.below(2) {
                    0 => "; otherwise stop".to_owned(),
                    _ => format!("; otherwise restart({s}, at_most: 1)"),
                });
            }
            if self.once_in(6)
                && let Some(c) = self.condition()
            {
                let _ = write!(more, "; when {c}");
            }
            self.line(&format!(
                "approval a{i} {{ from {from}; within 2d; distinct_from author, executors{more} }}"
            ));
        }
        if self.decision {
            let after = if self.once_in(2) {
                format!("after {}; ", self.stage())
            } else {
                String::new()
            };
            let default = if self.once_in(3) { "default near; " } else { "" };
            let s = self.stage();
            let then = match self.chance.below(6) {
                0 => "then stop".to_owned(),
                1 => "then pause".to_owned(),
                2 => "then rollback".to_owned(),
                3 => format!("then restart({s}, at_most: 1)"),
                _ => String::new(),
            };
            self.line(&format!(
                "decision far {{ ask \"How far?\"; by leads; {after}within 1h; {default}option wide {{ }}; option near {{ {then} }} }}"
            ));
        }
        if self.once_in(5) {
            self.line("checklist list {");
            self.line("item \"The backup is there\" { owner leads }");
            if self.once_in(2) {
                self.line("item \"The disk is large enough\" { owner leads; check \"./disk.sh\" }");
            }
            self.line("}");
        }
        for i in 0..self.stages {
            self.one_stage(i);
        }
        for h in 0..2 {
            if self.once_in(4) {
                self.hold(h);
            }
        }
        if self.once_in(6) {
            let (a, b) = self.span();
            let then = match self.chance.below(4) {
                0 => "rollback".to_owned(),
                1 => "pause".to_owned(),
                2 => format!("rollback({a})"),
                _ => format!("restart({a}, at_most: 1)"),
            };
            self.line(&format!(
                "trigger bad {{ ask \"Is it bad?\"; by leads; during {a} .. {b}; then {then} }}"
            ));
        }
        if self.once_in(6) {
            let on = self.of(&[
                "started, finished",
                "failed, rolled_back",
                "finished(each)",
                "failed(s0)",
                "started(s0)",
            ]);
            self.line(&format!("notify room(\"#ops\") {{ on {on} }}"));
        }
        if self.once_in(8) {
            self.line("escalate room(\"#pager\") { on failed; unanswered 10m; severity high }");
        }
        if self.once_in(8) && self.approvals > 0 {
            self.line("override hotfix { skips a0; by operations; quorum 2; because required }");
        }
        if self.once_in(6) {
            self.line("finally {");
            let step = self.of(&[
                "run \"./clean.sh\" { changes nothing; takes 1m .. 1m }",
                "manual \"Look once more\" { changes nothing; within 1h }",
            ]);
            self.line(step);
            self.line("}");
        }
        if self.once_in(8) {
            self.line("obligation \"Review\" { owner operations; due 7d }");
        }
        self.line("}");
    }

    fn span(&mut self) -> (String, String) {
        let a = self.chance.below(self.stages);
        let b = a + self.chance.below(self.stages - a);
        (format!("s{a}"), format!("s{b}"))
    }

    fn hold(&mut self, h: usize) {
        let (a, b) = self.span();
        let most = if self.once_in(3) { "; at_most 4h" } else { "" };
        self.line(&format!("hold h{h} {{ during {a} .. {b}{most}"));
        let when = match (self.once_in(5), self.flag) {
            (true, true) => "; when flag",
            _ => "",
        };
        let text = match self.chance.below(5) {
            0 => format!("enter {{ manual \"Freeze it\" {{ changes \"main:{h}\" }} }}"),
            1 => format!(
                "enter {{ run \"./a.sh\" {{ changes \"main:{h}\"; takes 1m .. 1m{when} }}; run \"./aa.sh\" {{ changes \"main:{h}\" }} }}"
            ),
            _ => format!("enter {{ run \"./a.sh\" {{ changes \"main:{h}\"; takes 1m .. 1m }} }}"),
        };
        self.line(&text);
        let text = match self.chance.below(5) {
            0 => format!("exit {{ manual \"Thaw it\" {{ changes \"main:{h}\" }} }}"),
            _ => format!("exit {{ run \"./b.sh\" {{ changes \"main:{h}\"; takes 1m .. 1m }} }}"),
        };
        self.line(&text);
        self.line("}");
    }

    fn failure(&mut self, i: usize) -> String {
        let back = self.chance.below(i + 1);
        match self.chance.below(8) {
            0 | 1 => "pause".to_owned(),
            2 => "stop".to_owned(),
            3 => "continue { because \"known\" }".to_owned(),
            4 => format!("rollback(s{back})"),
            5 => format!("restart(s{back}, at_most: 1)"),
            6 if self.decision => "far".to_owned(),
            _ => "rollback".to_owned(),
        }
    }

    fn one_stage(&mut self, i: usize) {
        self.line(&format!("stage s{i} {{"));
        if let Some(a) = self.before(i)
            && !self.once_in(3)
        {
            let second = self.before(i).filter(|b| *b != a);
            match second {
                Some(b) if self.once_in(2) => self.line(&format!("after {a}, {b}")),
                _ => self.line(&format!("after {a}")),
            }
        }
        if self.once_in(6) {
            self.line("in staging");
        }
        if self.once_in(4)
            && let Some(c) = self.condition()
        {
            self.line(&format!("when {c}"));
        }
        if self.approvals > 0 && self.once_in(2) {
            let a = self.chance.below(self.approvals);
            self.line(&format!("approved a{a}"));
        }
        if self.out.contains("checklist list") && self.once_in(2) {
            self.line("ready list");
        }
        if self.once_in(6) {
            let gate = self.of(&["smoke", "looks", "calm", "held"]);
            self.line(&format!("require {gate}"));
        }
        if self.once_in(10) {
            self.line("started_by operations");
        }
        if self.once_in(12) {
            let at = self.of(&["T+30m", "T+2h", "T+7h"]);
            self.line(&format!("at {at}"));
        }
        if self.once_in(3) {
            let then = self.failure(i);
            let first = if self.once_in(4) {
                "manual \"Write it down\" { changes nothing; within 1h }; "
            } else {
                ""
            };
            self.line(&format!("on_failure {{ {first}then {then} }}"));
        }
        if self.once_in(6) {
            self.rollout(i);
        } else {
            let steps = 1 + self.chance.below(3);
            for k in 0..steps {
                self.step(i, k);
            }
        }
        if self.once_in(3) {
            let gate = self.of(&["smoke", "looks", "calm", "held"]);
            self.line(&format!("verify {gate}"));
        }
        match self.chance.below(10) {
            0 => {
                let more = match self.chance.below(4) {
                    0 => "; verify smoke",
                    1 => "; run \"./more.sh\" { changes nothing }",
                    _ => "",
                };
                self.line(&format!("rollback {{ do undo_it(\"w{i}\"){more} }}"));
            }
            1 => self.line("irreversible \"it cannot be taken back\""),
            2 => self.line("harmless \"it may stay\""),
            _ => {}
        }
        self.line("}");
    }

    fn rollout(&mut self, i: usize) {
        self.line("rollout {");
        let when = match self.condition() {
            Some(c) if self.once_in(4) && !c.contains("far") => format!("when {c}; "),
            _ => String::new(),
        };
        let guards = self.approvals;
        let approved = match guards {
            n if n > 0 && self.once_in(4) => format!("approved a{}; ", self.chance.below(n)),
            _ => String::new(),
        };
        self.line(&format!("step 10% {{ {when}bake 15m; verify smoke }}"));
        self.line(&format!("step 100% {{ {approved}verify smoke }}"));
        if self.once_in(3) {
            self.line("demote");
        }
        self.line("}");
        self.line(&format!("do shift(\"w{i}\", to: rollout.weight)"));
    }

    fn step(&mut self, i: usize, k: usize) {
        let when = match self.condition() {
            Some(c) if self.once_in(5) => format!("; when {c}"),
            _ => String::new(),
        };
        let change = format!("changes \"app:w{i}\"");
        let text = match self.chance.below(10) {
            0 => format!("run \"./look.sh {i}{k}\" {{ changes nothing; takes 1m .. 2m{when} }}"),
            1 => format!(
                "manual \"Turn it {i}{k}\" {{ {change}; within 1h{when}; undo run \"./un.sh {i}{k}\" {{ {change} }} }}"
            ),
            2 => format!("run \"./x.sh {i}{k}\" {{ {change}{when}; undo run \"y.sh\" {{ {change} }} }}"),
            3 => "bake 15m".to_owned(),
            4 => "wait 10m".to_owned(),
            5 => format!(
                "run \"./idem.sh {i}{k}\" {{ {change}; idempotent; retry 2 {{ every 1m }}{when}; undo run \"./un.sh {i}{k}\" {{ {change} }} }}"
            ),
            6 => "wait_for \"the nightly job\" { ask \"Is it done?\"; by leads; within 2h }".to_owned(),
            _ => format!(
                "run \"./do.sh {i}{k}\" {{ {change}; takes 1m .. 5m{when}; undo run \"./un.sh {i}{k}\" {{ {change}; takes 1m .. 2m }} }}"
            ),
        };
        self.line(&text);
    }
}
