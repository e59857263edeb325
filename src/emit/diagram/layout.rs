//! Where each shape stands: rows from top to bottom, each below everything it waits for, with few crossings.
//!
//! Shapes that wait for nothing stand as low as they can, beside what they lead to. Must not know a drawing language.
//! Called by the SVG printer.

use super::Diagram;

/// How often rows are put in order by their neighbours.
const SWEEPS: usize = 8;
/// The most points that long arrows get on their way; beyond, arrows are drawn straight.
const POINTS: usize = 20_000;

/// The measures of a shape.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub(super) width: i32,
    pub(super) height: i32,
}

/// Where everything stands.
pub(super) struct Layout {
    /// The middle of the upper edge of each shape.
    pub(super) tops: Vec<(i32, i32)>,
    /// For each arrow, the points between its ends.
    pub(super) bends: Vec<Vec<(i32, i32)>>,
    /// The whole picture.
    pub(super) width: i32,
    pub(super) height: i32,
}

/// Space between neighbours in a row, and between rows.
const GAP: (i32, i32) = (28, 46);
/// The width that a passing arrow is given.
const LANE: i32 = 16;

/// Something that stands in a row: a shape, or a passing arrow.
struct Item {
    row: usize,
    width: i32,
    above: Vec<usize>,
    below: Vec<usize>,
}

pub(super) fn layout(d: &Diagram, sizes: &[Size]) -> Layout {
    let rows = rows(d);
    let count = rows.iter().max().map_or(0, |r| r + 1);
    let mut items: Vec<Item> = sizes
        .iter()
        .zip(&rows)
        .map(|(s, row)| Item {
            row: *row,
            width: s.width,
            above: Vec::new(),
            below: Vec::new(),
        })
        .collect();
    let span = |a: &super::Arrow| rows[a.to].saturating_sub(rows[a.from] + 1);
    let bent = d.arrows.iter().map(span).sum::<usize>() <= POINTS;
    let mut lanes: Vec<Vec<usize>> = Vec::new();
    for arrow in &d.arrows {
        let mut lane = Vec::new();
        let mut last = arrow.from;
        for row in rows[arrow.from] + 1..rows[arrow.to] {
            if !bent {
                break;
            }
            items.push(Item {
                row,
                width: LANE,
                above: vec![last],
                below: Vec::new(),
            });
            let new = items.len() - 1;
            items[last].below.push(new);
            lane.push(new);
            last = new;
        }
        items[last].below.push(arrow.to);
        items[arrow.to].above.push(last);
        lanes.push(lane);
    }

    let mut order: Vec<Vec<usize>> = vec![Vec::new(); count];
    for (i, item) in items.iter().enumerate() {
        order[item.row].push(i);
    }
    let centres = arrange(&mut order, &items);

    let mut heights = vec![0; count];
    for (size, row) in sizes.iter().zip(&rows) {
        heights[*row] = heights[*row].max(size.height);
    }
    let mut tops_of_rows = Vec::with_capacity(count);
    let mut y = GAP.1 / 2;
    for height in &heights {
        tops_of_rows.push(y);
        y += height + GAP.1;
    }
    let place = |i: usize| (centres[i], tops_of_rows[items[i].row]);
    let middle = |i: usize| (centres[i], tops_of_rows[items[i].row] + heights[items[i].row] / 2);
    let right = items
        .iter()
        .zip(&centres)
        .map(|(i, c)| c + i.width / 2)
        .max()
        .unwrap_or(0);
    Layout {
        tops: (0..d.shapes.len()).map(place).collect(),
        bends: lanes
            .iter()
            .map(|lane| lane.iter().map(|i| middle(*i)).collect())
            .collect(),
        width: right + GAP.0,
        height: y,
    }
}

/// The row of each shape: one below the lowest that it waits for; what waits for nothing moves down to what it leads to.
fn rows(d: &Diagram) -> Vec<usize> {
    let mut rows = vec![0usize; d.shapes.len()];
    let mut arrows: Vec<&super::Arrow> = d.arrows.iter().collect();
    // Shapes stand after everything they wait for, so one pass in that order is enough.
    arrows.sort_by_key(|a| a.to);
    for arrow in &arrows {
        rows[arrow.to] = rows[arrow.to].max(rows[arrow.from] + 1);
    }
    let mut waits = vec![false; d.shapes.len()];
    let mut next = vec![usize::MAX; d.shapes.len()];
    for arrow in &arrows {
        waits[arrow.to] = true;
        next[arrow.from] = next[arrow.from].min(rows[arrow.to]);
    }
    for i in 0..rows.len() {
        if !waits[i] && next[i] != usize::MAX {
            rows[i] = next[i] - 1;
        }
    }
    rows
}

/// Orders each row by the middle of its neighbours, down and up again, and gives every item its centre.
fn arrange(order: &mut [Vec<usize>], items: &[Item]) -> Vec<i32> {
    let mut centres = vec![0i32; items.len()];
    for row in order.iter() {
        pack(row, items, &mut centres, |_| None);
    }
    for sweep in 0..SWEEPS {
        let down = sweep % 2 == 0;
        let rows: Vec<usize> = if down {
            (0..order.len()).collect()
        } else {
            (0..order.len()).rev().collect()
        };
        for r in rows {
            let wish: Vec<(usize, Option<i32>)> = order[r]
                .iter()
                .map(|i| {
                    let near = if down { &items[*i].above } else { &items[*i].below };
                    (*i, mean(near.iter().map(|n| centres[*n])))
                })
                .collect();
            let mut sorted = wish.clone();
            sorted.sort_by_key(|(i, w)| (w.unwrap_or(centres[*i]), *i));
            order[r] = sorted.iter().map(|(i, _)| *i).collect();
            let wishes: std::collections::BTreeMap<usize, Option<i32>> = wish.into_iter().collect();
            pack(&order[r], items, &mut centres, |i| wishes[&i]);
        }
    }
    // Nothing stands left of the margin.
    let left = items
        .iter()
        .zip(&centres)
        .map(|(i, c)| c - i.width / 2)
        .min()
        .unwrap_or(0);
    for c in &mut centres {
        *c += GAP.0 - left;
    }
    centres
}

fn mean(values: impl Iterator<Item = i32>) -> Option<i32> {
    let (sum, n) = values.fold((0i64, 0i64), |(s, n), v| (s + i64::from(v), n + 1));
    (n > 0).then(|| i32::try_from(sum / n).unwrap_or(i32::MAX))
}

/// Puts a row beside each other: each item where it wishes, pushed to the right where there is no room, and the whole
/// row then moved so that on average wishes are met.
fn pack(row: &[usize], items: &[Item], centres: &mut [i32], wish: impl Fn(usize) -> Option<i32>) {
    let mut x = i32::MIN / 2;
    let (mut off, mut wishes) = (0i64, 0i64);
    for &i in row {
        let half = items[i].width / 2;
        let least = x.saturating_add(half);
        let wanted = wish(i);
        let first = x == i32::MIN / 2;
        let centre = match wanted {
            Some(w) if first || w > least => w,
            None if first => half,
            _ => least,
        };
        if let Some(w) = wanted {
            off += i64::from(w - centre);
            wishes += 1;
        }
        centres[i] = centre;
        x = centre + half + GAP.0;
    }
    if wishes > 0 {
        let shift = i32::try_from(off / wishes).unwrap_or(0);
        for &i in row {
            centres[i] += shift;
        }
    }
}
