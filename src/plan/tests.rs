//! Order, guards and times of small plans drawn by hand, and laws of both over arbitrary ones.

use crate::model::{Atom, FailureOutcome};
use crate::model::{Cond, OptionOutcome, Release, StageId};
use crate::plan::sketch::{approval, approved, decision, flag, plan, release, stage, takes, wait};
use crate::plan::{Node, Pace, Plan, Pred, Standing, Truth};
use proptest::prelude::*;

fn unguarded(plan: &Plan, s: StageId) -> Truth {
    let bad = plan.variants().without(plan.starts(s), plan.guarded(s));
    plan.variants().find(plan, bad)
}

fn clause(truth: &Truth) -> Option<String> {
    match truth {
        Truth::In(v) => v.clause(),
        _ => None,
    }
}

#[test]
fn an_approval_guards_all_that_waits_for_what_it_guards() {
    let mut r = release();
    let a = stage(&mut r, "a", &[]);
    let b = stage(&mut r, "b", &[a]);
    let other = stage(&mut r, "other", &[]);
    let both = stage(&mut r, "both", &[b, other]);
    let ccb = approval(&mut r, "ccb", &[]);
    approved(&mut r, a, ccb);
    let p = plan(r);
    assert_eq!(unguarded(&p, b), Truth::Never);
    assert_eq!(unguarded(&p, both), Truth::Never);
    assert!(matches!(unguarded(&p, other), Truth::In(_)));
}

#[test]
fn an_approval_of_a_stage_that_may_not_apply_guards_nothing_after_it() {
    let mut r = release();
    let slow = flag(&mut r, "slow");
    let a = stage(&mut r, "a", &[]);
    let b = stage(&mut r, "b", &[a]);
    r.stages[a.index()].when = slow;
    let ccb = approval(&mut r, "ccb", &[]);
    approved(&mut r, a, ccb);
    let p = plan(r);
    assert_eq!(unguarded(&p, a), Truth::Never);
    assert_eq!(clause(&unguarded(&p, b)).as_deref(), Some("when `slow` is false"));
}

#[test]
fn alternatives_that_are_both_guarded_guard_what_follows() {
    let mut r = release();
    let fast = flag(&mut r, "fast");
    let a = stage(&mut r, "a", &[]);
    let b = stage(&mut r, "b", &[]);
    let end = stage(&mut r, "end", &[a, b]);
    r.stages[a.index()].when = fast.clone();
    r.stages[b.index()].when = fast.negate();
    for s in [a, b] {
        let own = approval(&mut r, "own", &[]);
        approved(&mut r, s, own);
    }
    let p = plan(r);
    assert_eq!(unguarded(&p, end), Truth::Never);
}

#[test]
fn a_stage_whose_after_does_not_apply_waits_for_what_that_waits_for() {
    let mut r = release();
    let some = flag(&mut r, "some");
    let a = stage(&mut r, "a", &[]);
    let b = stage(&mut r, "b", &[a]);
    let c = stage(&mut r, "c", &[b]);
    let other = stage(&mut r, "other", &[]);
    let d = stage(&mut r, "d", &[b, other]);
    r.stages[b.index()].when = some;
    let p = plan(r);
    assert!(p.variants().always(p.surely_before(a, c)));
    assert_eq!(p.standing(&[(a, c)]), [Standing::Ordered]);
    // `d` still waits for `other`, and so inherits nothing.
    let [Standing::Beside(when)] = p.standing(&[(a, d)])[..] else {
        panic!("`d` can start before `a` ends");
    };
    assert_eq!(
        clause(&p.variants().find(&p, when)).as_deref(),
        Some("when `some` is false")
    );
}

#[test]
fn an_option_that_ends_the_run_starts_nothing() {
    let mut r = release();
    let a = stage(&mut r, "a", &[]);
    let stop = OptionOutcome::Then(FailureOutcome::Stop);
    let go = decision(
        &mut r,
        "go",
        &[a],
        &[("yes", OptionOutcome::Proceed), ("no", stop.clone())],
    );
    let never = decision(&mut r, "never", &[a], &[("x", stop.clone()), ("y", stop)]);
    let is = |decision, option| Cond::Atom(Atom::Decision { decision, option });
    let yes = stage(&mut r, "yes", &[a]);
    let no = stage(&mut r, "no", &[a]);
    let waits = stage(&mut r, "waits", &[]);
    r.stages[yes.index()].when = is(go, 0);
    r.stages[no.index()].when = is(go, 1);
    r.stages[waits.index()].awaits = vec![(never, crate::plan::sketch::origin(1))];
    let p = plan(r);
    let starts = |s| p.variants().find(&p, p.starts(s));
    assert_eq!(clause(&starts(yes)).as_deref(), Some("when `go` comes out `yes`"));
    assert_eq!(starts(no), Truth::Never);
    assert_eq!(starts(waits), Truth::Never);
}

#[test]
fn the_longest_path_does_not_run_through_stages_that_exclude_each_other() {
    let mut r = release();
    let fast = flag(&mut r, "fast");
    let a = stage(&mut r, "a", &[]);
    let b = stage(&mut r, "b", &[a]);
    let c = stage(&mut r, "c", &[b]);
    takes(&mut r, a, 10, 30);
    takes(&mut r, b, 10, 40);
    takes(&mut r, c, 1, 1);
    r.stages[a.index()].when = fast.clone();
    r.stages[b.index()].when = fast.negate();
    let p = plan(r);
    let worst = p
        .worst(Pace::Longest, |s, x| Some(s.stage(&p, x).finish))
        .expect("takes time");
    assert_eq!(worst.by, 41 * 60_000);
    assert_eq!(worst.path, [Node::Stage(b), Node::Stage(c)]);
}

#[test]
fn steps_that_exclude_each_other_do_not_add_up() {
    let mut r = release();
    let fast = flag(&mut r, "fast");
    let a = stage(&mut r, "a", &[]);
    r.stages[a.index()].steps = vec![wait(10, fast.clone()), wait(25, fast.negate())];
    let p = plan(r);
    let worst = p
        .worst(Pace::Longest, |s, x| Some(s.stage(&p, x).finish))
        .expect("takes time");
    assert_eq!(worst.by, 25 * 60_000);
}

#[test]
fn steps_that_exclude_each_other_start_at_one_time_and_end_with_the_longer() {
    let mut r = release();
    let fast = flag(&mut r, "fast");
    let a = stage(&mut r, "a", &[]);
    let b = stage(&mut r, "b", &[a]);
    let steps = vec![
        wait(5, Cond::True),
        wait(10, fast.clone()),
        wait(25, fast.clone().negate()),
        wait(1, fast),
        wait(2, Cond::True),
    ];
    r.stages[a.index()].steps = steps;
    let p = plan(r);
    let minutes = |list: &[i64]| list.iter().map(|ms| ms / 60_000).collect::<Vec<_>>();
    assert_eq!(minutes(&p.passage(a).steps), [0, 5, 5, 15, 30]);
    assert_eq!(p.schedule(Pace::Longest).stage(&p, b).start, 32 * 60_000);
    assert_eq!(p.schedule(Pace::Shortest).stage(&p, b).start, 7 * 60_000);
}

#[test]
fn a_stage_does_not_wait_for_one_that_never_applies_with_it() {
    let mut r = release();
    let fast = flag(&mut r, "fast");
    let first = stage(&mut r, "first", &[]);
    let a = stage(&mut r, "a", &[first]);
    let b = stage(&mut r, "b", &[a]);
    for (s, m) in [(first, 7), (a, 30), (b, 40)] {
        takes(&mut r, s, m, m);
    }
    r.stages[a.index()].when = fast.clone();
    r.stages[b.index()].when = fast.negate();
    let p = plan(r);
    assert_eq!(p.schedule(Pace::Longest).stage(&p, b).start, 7 * 60_000);
    assert_eq!(p.ending().over, 47 * 60_000);
}

#[test]
fn approvals_asked_before_the_start_take_no_time_and_those_on_the_way_do() {
    let mut r = release();
    let a = stage(&mut r, "a", &[]);
    let b = stage(&mut r, "b", &[a]);
    takes(&mut r, a, 5, 5);
    let early = approval(&mut r, "early", &[]);
    let late = approval(&mut r, "late", &[a]);
    for x in [early, late] {
        r.approvals[x.index()].within = Some(crate::model::Dur::minutes(60));
        approved(&mut r, b, x);
    }
    let p = plan(r);
    assert_eq!(p.schedule(Pace::Longest).stage(&p, b).start, 65 * 60_000);
    assert_eq!(p.schedule(Pace::Shortest).stage(&p, b).start, 5 * 60_000);
}

#[test]
fn a_circle_is_found_by_its_shortest_way() {
    let mut r = release();
    let ids: Vec<StageId> = (0..6).map(StageId::at).collect();
    for (i, name) in ["a", "b", "c", "d", "e", "f"].iter().enumerate() {
        stage(&mut r, name, &[ids[(i + 5) % 6]]);
    }
    r.stages[0].after.push(crate::model::After {
        stage: ids[2],
        origin: crate::plan::sketch::origin(3),
    });
    let Err(e) = Plan::new(r) else {
        panic!("it has no order")
    };
    assert_eq!(e.1.nodes.len(), 3);
    assert_eq!(e.1.edges.len(), 3);
}

/// A plan of so many stages, each waiting for some before it, some of them under one of two flags.
fn drawn(rows: &[(u8, u8, bool)]) -> Release {
    let mut r = release();
    let flags = [flag(&mut r, "x"), flag(&mut r, "y")];
    for (i, (after, when, guarded)) in rows.iter().enumerate() {
        let after: Vec<StageId> = (0..i)
            .filter(|j| after & (1 << j) != 0)
            .map(StageId::at)
            .collect();
        let s = stage(&mut r, &format!("s{i}"), &after);
        r.stages[i].when = match when {
            0 => flags[0].clone(),
            1 => flags[1].clone(),
            2 => flags[0].clone().negate(),
            _ => Cond::True,
        };
        if *guarded && i % 2 == 0 {
            let a = approval(&mut r, &format!("a{i}"), &[]);
            approved(&mut r, s, a);
        }
    }
    r
}

/// What a stage waits for in one variant, by the words of the reference: `after`s that apply, else what they wait for.
fn waits(r: &Release, list: Vec<StageId>, applies: &dyn Fn(StageId) -> bool) -> Vec<StageId> {
    let direct: Vec<StageId> = list.iter().copied().filter(|a| applies(*a)).collect();
    if list.is_empty() || !direct.is_empty() {
        return direct;
    }
    waits(r, list.into_iter().flat_map(|a| afters(r, a)).collect(), applies)
}

fn afters(r: &Release, s: StageId) -> Vec<StageId> {
    r.stage(s).after.iter().map(|a| a.stage).collect()
}

#[test]
fn what_a_stage_hands_on_does_not_assume_that_it_applies() {
    let mut r = release();
    let x = flag(&mut r, "x");
    let s0 = stage(&mut r, "s0", &[]);
    let s1 = stage(&mut r, "s1", &[]);
    let s2 = stage(&mut r, "s2", &[s0]);
    let s3 = stage(&mut r, "s3", &[s1, s2]);
    let s4 = stage(&mut r, "s4", &[s3]);
    for s in [s0, s1] {
        r.stages[s.index()].when = x.clone();
    }
    for s in [s2, s3] {
        r.stages[s.index()].when = x.clone().negate();
    }
    let p = plan(r);
    assert!(matches!(p.standing(&[(s0, s4)])[..], [Standing::Beside(_)]));
}

#[test]
fn what_is_waited_for_only_where_nothing_nearer_applies_is_a_case_of_its_own() {
    let mut r = release();
    let (x, y) = (flag(&mut r, "x"), flag(&mut r, "y"));
    let near = stage(&mut r, "near", &[]);
    let far = stage(&mut r, "far", &[near]);
    let apart = stage(&mut r, "apart", &[far]);
    let last = stage(&mut r, "last", &[near, apart]);
    r.stages[near.index()].when = y;
    r.stages[apart.index()].when = x.clone().negate();
    r.stages[last.index()].when = x;
    for s in [near, far, last] {
        takes(&mut r, s, 0, 1);
    }
    // With `near`, `last` comes right after it; without, after `far`, which then begins at once.
    assert_eq!(plan(r).ending().over, 2 * 60_000);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn guards_and_order_agree_with_every_variant_one_by_one(
        rows in proptest::collection::vec((any::<u8>(), 0u8..6, any::<bool>()), 1..9)
    ) {
        let p = plan(drawn(&rows));
        let r = p.release();
        for (x, y) in [(false, false), (false, true), (true, false), (true, true)] {
            let applies = |s: StageId| match &r.stage(s).when {
                Cond::True => true,
                Cond::Atom(Atom::Param { param, .. }) => [x, y][param.index()],
                _ => !x,
            };
            let mut chosen = Pred::TRUE;
            for (param, on) in [(0, x), (1, y)] {
                let is = Cond::Atom(Atom::Param { param: crate::model::ParamId(param), choice: 1 });
                let is = p.variants().of(&p, &if on { is } else { is.negate() });
                chosen = p.variants().and(chosen, is);
            }
            let mut before: Vec<std::collections::BTreeSet<StageId>> = Vec::new();
            let mut guarded: Vec<bool> = Vec::new();
            for i in 0..r.stages.len() {
                let s = StageId::at(i);
                let mut set = std::collections::BTreeSet::new();
                let mut some = !r.stage(s).approved.is_empty();
                for w in waits(r, afters(r, s), &applies) {
                    set.extend(before[w.index()].iter().copied());
                    set.insert(w);
                    some |= guarded[w.index()];
                }
                before.push(set);
                guarded.push(some);
            }
            for i in 0..r.stages.len() {
                let s = StageId::at(i);
                if !applies(s) {
                    continue;
                }
                prop_assert_eq!(p.variants().possible(p.variants().and(chosen, p.guarded(s))), guarded[i]);
                for j in 0..i {
                    let w = StageId::at(j);
                    if !applies(w) {
                        continue;
                    }
                    let ordered = match p.standing(&[(w, s)])[0] {
                        Standing::Ordered => true,
                        Standing::Beside(when) => !p.variants().possible(p.variants().and(chosen, when)),
                    };
                    prop_assert_eq!(ordered, before[i].contains(&w), "{:?} before {:?}", w, s);
                    if p.precedes(Node::Stage(w), Node::Stage(s)) {
                        let lost = p.order_lost(s).into_iter().find(|(n, _)| *n == Node::Stage(w));
                        let lost = lost.is_some_and(|(_, when)| p.variants().possible(p.variants().and(chosen, when)));
                        prop_assert_eq!(lost, !ordered, "{:?} before {:?}", w, s);
                    }
                }
            }
        }
    }

    #[test]
    fn the_longest_path_is_that_of_the_worst_variant(
        rows in proptest::collection::vec((any::<u8>(), 0u8..6, any::<bool>(), 0i64..9), 1..9)
    ) {
        let shape: Vec<(u8, u8, bool)> = rows.iter().map(|(a, w, g, _)| (*a, *w, *g)).collect();
        let mut r = drawn(&shape);
        for (i, row) in rows.iter().enumerate() {
            takes(&mut r, StageId::at(i), 0, row.3);
        }
        let p = plan(r);
        let r = p.release();
        let mut longest = 0;
        for (x, y) in [(false, false), (false, true), (true, false), (true, true)] {
            let applies = |s: StageId| match &r.stage(s).when {
                Cond::True => true,
                Cond::Atom(Atom::Param { param, .. }) => [x, y][param.index()],
                _ => !x,
            };
            let mut ends: Vec<i64> = Vec::new();
            for (i, row) in rows.iter().enumerate() {
                let s = StageId::at(i);
                let start = waits(r, afters(r, s), &applies).iter().map(|w| ends[w.index()]).max().unwrap_or(0);
                ends.push(start + row.3 * 60_000);
                if applies(s) {
                    longest = longest.max(ends[i]);
                }
            }
        }
        let found = p.worst(Pace::Longest, |s, x| Some(s.stage(&p, x).finish)).map_or(0, |w| w.by);
        prop_assert_eq!(found, longest);
        prop_assert_eq!(p.ending().over, longest);
    }
}
