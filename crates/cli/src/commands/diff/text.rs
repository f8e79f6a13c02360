//! Two texts as a unified diff.

/// Unchanged lines around a change.
const CONTEXT: usize = 3;

/// The most lines that may differ before everything between the first and the last difference is shown as replaced: the
/// work grows with its square.
const MOST_EDITS: usize = 2_000;

/// A line of a diff with its place on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Keep(usize, usize),
    Remove(usize, usize),
    Add(usize, usize),
}

/// The changed lines with some around them; empty if the texts are equal.
pub(super) fn unified(before: &str, after: &str) -> String {
    if before == after {
        return String::new();
    }
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let steps = steps(&old, &new);
    let mut text = String::new();
    for hunk in hunks(&steps) {
        write_hunk(&mut text, hunk, &old, &new);
    }
    text
}

/// The steps from one text to the other.
fn steps(old: &[&str], new: &[&str]) -> Vec<Step> {
    let front = old.iter().zip(new).take_while(|(left, right)| left == right).count();
    let (rest_old, rest_new) = (&old[front..], &new[front..]);
    let back =
        rest_old.iter().rev().zip(rest_new.iter().rev()).take_while(|(left, right)| left == right).count();
    let (old_end, new_end) = (old.len() - back, new.len() - back);
    let mut steps: Vec<Step> = (0..front).map(|line| Step::Keep(line, line)).collect();
    steps.extend(middle(&old[front..old_end], &new[front..new_end], front));
    steps.extend((0..back).map(|line| Step::Keep(old_end + line, new_end + line)));
    steps
}

/// The steps where neither the first nor the last lines are equal; `offset` lines stand before on both sides.
fn middle(old: &[&str], new: &[&str], offset: usize) -> Vec<Step> {
    let Some(rounds) = search(old, new) else {
        let removed = (0..old.len()).map(|line| Step::Remove(offset + line, offset));
        let added = (0..new.len()).map(|line| Step::Add(offset + old.len(), offset + line));
        return removed.chain(added).collect();
    };
    let mut steps = Vec::new();
    let (mut x, mut y) = (old.len(), new.len());
    for round in (0..rounds.len()).rev() {
        let start = rounds[..round].last().map_or((0, 0), |before| before.start_of(x as isize - y as isize));
        while x > start.0 && y > start.1 {
            (x, y) = (x - 1, y - 1);
            steps.push(Step::Keep(offset + x, offset + y));
        }
        if round > 0 && x > start.0 {
            x -= 1;
            steps.push(Step::Remove(offset + x, offset + y));
        } else if round > 0 {
            y -= 1;
            steps.push(Step::Add(offset + x, offset + y));
        }
    }
    steps.reverse();
    steps
}

/// How far each diagonal (old line minus new line) is reached with a number of edits, counted in old lines.
struct Round {
    edits: isize,
    /// From diagonal `-edits` to `edits`; every second one is in use.
    reached: Vec<isize>,
}

impl Round {
    fn at(&self, diagonal: isize) -> isize {
        self.reached[(diagonal + self.edits) as usize]
    }

    /// The diagonal from which one more edit gets further on a diagonal: below by a removal, above by an addition.
    fn origin_of(&self, diagonal: isize) -> isize {
        let is_lowest = diagonal < -self.edits;
        let is_highest = diagonal > self.edits;
        if is_lowest || (!is_highest && self.at(diagonal - 1) < self.at(diagonal + 1)) {
            diagonal + 1
        } else {
            diagonal - 1
        }
    }

    /// The lines at which the edit that leads to a diagonal begins.
    fn start_of(&self, diagonal: isize) -> (usize, usize) {
        let origin = self.origin_of(diagonal);
        let x = self.at(origin);
        (x as usize, (x - origin) as usize)
    }

    /// How far a diagonal is reached by one more edit, before equal lines are followed.
    fn step_to(&self, diagonal: isize) -> isize {
        let origin = self.origin_of(diagonal);
        self.at(origin) + isize::from(origin < diagonal)
    }
}

/// Myers' greedy search for the fewest edits, round by round; none if too many are needed.
fn search(old: &[&str], new: &[&str]) -> Option<Vec<Round>> {
    let goal = old.len() as isize - new.len() as isize;
    let mut rounds: Vec<Round> = Vec::new();
    for edits in 0..=MOST_EDITS.min(old.len() + new.len()) as isize {
        let mut round = Round { edits, reached: vec![0; 2 * edits as usize + 1] };
        for diagonal in (-edits..=edits).step_by(2) {
            let mut x = rounds.last().map_or(0, |before| before.step_to(diagonal));
            while old.get(x as usize).is_some_and(|line| new.get((x - diagonal) as usize) == Some(line)) {
                x += 1;
            }
            round.reached[(diagonal + edits) as usize] = x;
        }
        let is_there = goal.abs() <= edits && (goal + edits) % 2 == 0 && round.at(goal) >= old.len() as isize;
        rounds.push(round);
        if is_there {
            return Some(rounds);
        }
    }
    None
}

/// The stretches of steps with changes and what is around them.
fn hunks(steps: &[Step]) -> Vec<&[Step]> {
    let changed: Vec<usize> =
        (0..steps.len()).filter(|&index| !matches!(steps[index], Step::Keep(..))).collect();
    let mut ranges: Vec<(usize, usize)> = Vec::new();
    for index in changed {
        let (start, end) = (index.saturating_sub(CONTEXT), (index + CONTEXT + 1).min(steps.len()));
        match ranges.last_mut() {
            Some(last) if last.1 >= start => last.1 = end,
            _ => ranges.push((start, end)),
        }
    }
    ranges.into_iter().map(|(start, end)| &steps[start..end]).collect()
}

fn write_hunk(text: &mut String, hunk: &[Step], old: &[&str], new: &[&str]) {
    let (old_start, new_start) = match hunk[0] {
        Step::Keep(x, y) | Step::Remove(x, y) | Step::Add(x, y) => (x, y),
    };
    let removed = hunk.iter().filter(|step| !matches!(step, Step::Add(..))).count();
    let added = hunk.iter().filter(|step| !matches!(step, Step::Remove(..))).count();
    // An empty side is told by the line before it.
    let line = |start: usize, count: usize| if count == 0 { start } else { start + 1 };
    text.push_str(&format!(
        "@@ -{},{removed} +{},{added} @@\n",
        line(old_start, removed),
        line(new_start, added)
    ));
    for step in hunk {
        let (sign, content) = match *step {
            Step::Keep(x, _) => (' ', old[x]),
            Step::Remove(x, _) => ('-', old[x]),
            Step::Add(_, y) => ('+', new[y]),
        };
        text.push(sign);
        text.push_str(content);
        text.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_shown_with_what_is_around() {
        let cases = [
            ("a\n", "a\n", ""),
            ("", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n"),
            ("a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n"),
            ("a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n"),
            ("1\n2\n3\n4\n5\n6\n", "1\n2\n3\n4\n5\n6\n7\n", "@@ -4,3 +4,4 @@\n 4\n 5\n 6\n+7\n"),
        ];
        for (before, after, expected) in cases {
            assert_eq!(unified(before, after), expected, "{before:?} {after:?}");
        }
    }

    /// Any two texts: the steps give one text and the other.
    #[test]
    fn steps_lead_from_one_text_to_the_other() {
        let mut state = 7_u32;
        let mut random = |limit: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % limit
        };
        for _ in 0..2_000 {
            let mut text =
                || -> Vec<&str> { (0..random(12)).map(|_| ["a", "b", "c"][random(3) as usize]).collect() };
            let (old, new) = (text(), text());
            let steps = steps(&old, &new);
            let side = |pick: fn(&Step) -> Option<usize>, lines: &[&str]| -> Vec<String> {
                steps.iter().filter_map(pick).map(|line| lines[line].to_owned()).collect()
            };
            let left = side(
                |step| match step {
                    Step::Keep(x, _) | Step::Remove(x, _) => Some(*x),
                    Step::Add(..) => None,
                },
                &old,
            );
            let right = side(
                |step| match step {
                    Step::Keep(_, y) | Step::Add(_, y) => Some(*y),
                    Step::Remove(..) => None,
                },
                &new,
            );
            assert_eq!(left, old);
            assert_eq!(right, new);
            for step in &steps {
                assert!(!matches!(step, Step::Keep(x, y) if old[*x] != new[*y]), "{old:?} {new:?}");
            }
        }
    }
}
