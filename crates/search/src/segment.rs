//! The search of one segment: a part of the index with its own terms and columns.
//!
//! All hits are counted, by category too, so none can be skipped. Hence the plain way: an array of points per document,
//! into which the documents of each matching term are written; no heap, no jumps, and its cost is the documents read.

use std::cmp::Reverse;
use std::ops::Bound;
use std::sync::Arc;

use tantivy::columnar::{Column, StrColumn};
use tantivy::postings::TermInfo;
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{InvertedIndexReader, SegmentReader, TantivyError, Term};

use crate::document::View;
use crate::plan::{Matcher, Plan, Terms, Word};
use crate::query::{Cursor, Order, Query, Sort, Workspaces};
use crate::ranking::{Found, Ranked, Ranking, Smallest, relevance};
use crate::schema::{Fields, TextFields, column};
use crate::words::fold;

type Result<T, E = TantivyError> = std::result::Result<T, E>;

/// The searched fields: see [`TextFields`].
const FIELDS: usize = 5;

/// Points of a word by field and kind of match: exact, beginning with it, one error, two errors. Errors weigh less than
/// any match without; a name that begins with the word more than a README that has it.
#[rustfmt::skip]
const POINTS: [[u8; 4]; FIELDS] = [
    [100, 80, 14, 7], // name
    [ 90, 75, 12, 6], // joined name
    [ 70, 56, 10, 5], // keyword
    [ 40, 30,  6, 3], // summary
    [ 20, 15,  4, 2], // readme
];

/// Beginnings shorter than this (in bytes) are not looked for in a field: half the READMEs have a word with any letter.
const SHORTEST_PREFIX: [usize; FIELDS] = [1, 5, 1, 2, 3];

/// An app that is called exactly what was asked for comes before those whose names only contain the words.
const WHOLE_NAME_POINTS: u16 = 100;

/// Among equal points the app with the shortest name comes first; longer ones than this are equal.
const NAME_WORDS: u32 = 63;

/// One segment, as one view sees it.
pub(crate) struct Segment<'a> {
    reader: &'a SegmentReader,
    fields: &'a Fields,
    texts: &'a TextFields,
    view: View,
}

/// A set of documents, a bit for each.
struct Documents(Vec<u64>);

impl<'a> Segment<'a> {
    pub(crate) fn new(reader: &'a SegmentReader, fields: &'a Fields, view: View) -> Self {
        Self { reader, fields, texts: fields.of(view), view }
    }

    pub(crate) fn search(&self, query: &Query, plan: &Plan, ranking: &Ranking) -> Result<Found> {
        match self.points(plan)? {
            Some(points) => self.collect(&points, query, ranking),
            None => Ok(Found::default()),
        }
    }

    // --- points: which documents have the words, and how well ---------------------------------------------------------

    /// The points of each document, 0 for those that do not match; `None` if none does.
    fn points(&self, plan: &Plan) -> Result<Option<Vec<u16>>> {
        let mut points = vec![0_u16; self.size()];
        if plan.everything {
            self.each_document(&self.fields.view_term(self.view), |document| points[document] = 1)?;
            return Ok(Some(points));
        }
        let mut of_word = vec![0_u8; self.size()];
        for (position, word) in plan.words.iter().enumerate() {
            of_word.fill(0);
            if !self.add_word(word, &mut of_word)? {
                return Ok(None);
            }
            for (sum, &word) in points.iter_mut().zip(&of_word) {
                // Documents have to have all words.
                let so_far = position == 0 || *sum > 0;
                *sum = if so_far && word > 0 { *sum + u16::from(word) } else { 0 };
            }
        }
        self.add_whole_name(&plan.joined_name, &mut points)?;
        Ok((!plan.words.is_empty()).then_some(points))
    }

    fn add_whole_name(&self, name: &str, points: &mut [u16]) -> Result<()> {
        self.each_document(&Term::from_field_text(self.texts.joined_name, name), |document| {
            if points[document] > 0 {
                points[document] += WHOLE_NAME_POINTS;
            }
        })
    }

    /// Writes the points of one word; `false` if no document has it.
    fn add_word(&self, word: &Word, points: &mut [u8]) -> Result<bool> {
        let mut any = self.add_part(&word.parts[0], points)?;
        for part in &word.parts[1..] {
            let mut of_part = vec![0_u8; if any { self.size() } else { 0 }];
            any = any && self.add_part(part, &mut of_part)?;
            points.iter_mut().zip(&of_part).for_each(|(sum, part)| *sum = (*sum).min(*part));
        }
        Ok(any)
    }

    fn add_part(&self, matchers: &[Matcher], points: &mut [u8]) -> Result<bool> {
        let TextFields { name, joined_name, keyword, summary, readme, .. } = *self.texts;
        let mut any = false;
        for (rank, field) in [name, joined_name, keyword, summary, readme].into_iter().enumerate() {
            let index = self.reader.inverted_index(field)?;
            for matcher in matchers {
                let worth = POINTS[rank][matcher.kind as usize];
                for term in matching_terms(&index, matcher, SHORTEST_PREFIX[rank])? {
                    any = true;
                    each_document(&index, &term, |document| points[document] = points[document].max(worth))?;
                }
            }
        }
        Ok(any)
    }

    // --- hits: which of them are wanted, in which order ----------------------------------------------------------------

    fn collect(&self, points: &[u16], query: &Query, ranking: &Ranking) -> Result<Found> {
        let allowed = self.allowed(query)?;
        let in_category = self.optional(query.category.as_deref(), self.fields.category)?;
        let categories = Categories::open(self.reader)?;
        let mut counts = vec![0_usize; categories.count()];
        let mut order = Ordering::open(self.reader, ranking)?;
        let mut found = Found::default();
        for (document, points) in matching(points) {
            let number = document as u32;
            if allowed.as_ref().is_some_and(|allowed| !allowed.contains(document))
                || self.reader.is_deleted(number)
            {
                continue;
            }
            found.total_of_all_categories += 1;
            categories.each(number, |category| counts[category as usize] += 1);
            if in_category.as_ref().is_none_or(|documents| documents.contains(document)) {
                found.total += 1;
                order.push(number, points);
            }
        }
        found.categories = categories.named(&counts)?;
        found.best = order.finish(points)?;
        Ok(found)
    }

    /// The documents that all filters but the one on category let through; `None` if there is no such filter.
    fn allowed(&self, query: &Query) -> Result<Option<Documents>> {
        let mut allowed = match &query.workspaces {
            Workspaces::All => None,
            Workspaces::Only(ids) => Some(self.of_workspaces(ids)?),
        };
        let filters = [(&query.keyword, self.fields.keyword), (&query.maintainer, self.fields.maintainer)];
        for (value, field) in filters {
            if let Some(others) = self.optional(value.as_deref().map(fold).as_deref(), field)? {
                allowed = Some(match allowed {
                    Some(documents) => documents.and(&others),
                    None => others,
                });
            }
        }
        Ok(allowed)
    }

    fn of_workspaces(&self, ids: &[i64]) -> Result<Documents> {
        let mut documents = Documents::none(self.size());
        for &id in ids {
            let term = Term::from_field_i64(self.fields.workspace_id, id);
            self.each_document(&term, |document| documents.insert(document))?;
        }
        Ok(documents)
    }

    fn optional(&self, value: Option<&str>, field: Field) -> Result<Option<Documents>> {
        let Some(value) = value else { return Ok(None) };
        let mut documents = Documents::none(self.size());
        self.each_document(&Term::from_field_text(field, value), |document| documents.insert(document))?;
        Ok(Some(documents))
    }

    fn each_document(&self, term: &Term, action: impl FnMut(usize)) -> Result<()> {
        let index = self.reader.inverted_index(term.field())?;
        match index.get_term_info(term)? {
            Some(info) => each_document(&index, &info, action),
            None => Ok(()),
        }
    }

    fn size(&self) -> usize {
        self.reader.max_doc() as usize
    }
}

/// The documents that have points. Most have none, so that many at once are passed over.
fn matching(points: &[u16]) -> impl Iterator<Item = (usize, u16)> {
    const STEP: usize = 32;
    let steps = points
        .chunks(STEP)
        .enumerate()
        .filter(|(_, chunk)| chunk.iter().fold(0, |any, points| any | points) > 0);
    steps.flat_map(|(step, chunk)| {
        let documents = chunk.iter().enumerate().filter(|(_, points)| **points > 0);
        documents.map(move |(place, &points)| (step * STEP + place, points))
    })
}

fn matching_terms(
    index: &Arc<InvertedIndexReader>,
    matcher: &Matcher,
    shortest_prefix: usize,
) -> Result<Vec<TermInfo>> {
    let dictionary = index.terms();
    let mut found = Vec::new();
    match &matcher.terms {
        Terms::One(term) => found.extend(dictionary.get(term)?),
        Terms::BeginningWith(prefix) if prefix.len() < shortest_prefix => {}
        Terms::BeginningWith(prefix) => {
            let terms = dictionary.range().ge(prefix).lt(end_of_prefix(prefix));
            let mut stream = terms.without_keys().into_stream()?;
            while stream.advance() {
                found.push(stream.value().clone());
            }
        }
        Terms::Like(automaton, first) => {
            let terms = dictionary.search(automaton);
            let terms = match first {
                Some(first) => terms.ge(first).lt(end_of_prefix(first)),
                None => terms,
            };
            let mut stream = terms.without_keys().into_stream()?;
            while stream.advance() {
                found.push(stream.value().clone());
            }
        }
    }
    Ok(found)
}

/// The first bytes that come after everything with a prefix, which is not empty. UTF-8 has no byte 0xff.
fn end_of_prefix(prefix: &str) -> Vec<u8> {
    let mut end = prefix.as_bytes().to_vec();
    end.last_mut().into_iter().for_each(|last| *last += 1);
    end
}

fn each_document(index: &InvertedIndexReader, term: &TermInfo, mut action: impl FnMut(usize)) -> Result<()> {
    let mut postings = index.read_block_postings_from_terminfo(term, IndexRecordOption::Basic)?;
    while !postings.docs().is_empty() {
        postings.docs().iter().for_each(|&document| action(document as usize));
        postings.advance();
    }
    Ok(())
}

impl Documents {
    fn none(size: usize) -> Self {
        Self(vec![0; size.div_ceil(64)])
    }

    fn insert(&mut self, document: usize) {
        self.0[document / 64] |= 1 << (document % 64);
    }

    fn contains(&self, document: usize) -> bool {
        self.0[document / 64] >> (document % 64) & 1 == 1
    }

    fn and(mut self, others: &Self) -> Self {
        self.0.iter_mut().zip(&others.0).for_each(|(ours, theirs)| *ours &= theirs);
        self
    }
}

/// The categories of each document.
struct Categories(Option<StrColumn>);

impl Categories {
    fn open(reader: &SegmentReader) -> Result<Self> {
        reader.fast_fields().str(column::CATEGORY).map(Self)
    }

    fn count(&self) -> usize {
        self.0.as_ref().map_or(0, |column| column.num_terms())
    }

    fn each(&self, document: u32, action: impl FnMut(u64)) {
        if let Some(column) = &self.0 {
            column.ords().values_for_doc(document).for_each(action);
        }
    }

    fn named(&self, counts: &[usize]) -> Result<Vec<(String, usize)>> {
        let Some(column) = &self.0 else { return Ok(Vec::new()) };
        let mut named = Vec::new();
        for (ordinal, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            named.push((text(column, ordinal as u64)?, count));
        }
        Ok(named)
    }
}

/// Collects the first of the wanted order. Within a segment all orders are numbers, of which the smaller comes first.
struct Ordering {
    ids: Column<i64>,
    ranks: Ranks,
    /// Ranks from this one on come after the cursor, and of this one itself the ids above the second number.
    after: Option<(u64, i64)>,
    smallest: Smallest,
}

enum Ranks {
    /// Words in the name, to prefer the shorter.
    Relevance(Column<u64>),
    Name(Option<StrColumn>),
    Newest(Column<i64>),
}

impl Ordering {
    fn open(reader: &SegmentReader, ranking: &Ranking) -> Result<Self> {
        let columns = reader.fast_fields();
        let ranks = match ranking.sort {
            Sort::Relevance => Ranks::Relevance(columns.u64(column::NAME_WORDS)?),
            Sort::Name => Ranks::Name(columns.str(column::SORT_NAME)?),
            Sort::Newest => Ranks::Newest(columns.i64(column::UPDATED_AT)?),
        };
        let after = ranking.after.as_ref().map(|cursor| ranks.after(cursor)).transpose()?;
        let smallest = Smallest::new(ranking.wanted());
        Ok(Self { ids: columns.i64(column::ID)?, ranks, after, smallest })
    }

    fn push(&mut self, document: u32, points: u16) {
        // Most have too few points for the page, whatever their columns say.
        if !self.smallest.wants(self.ranks.best(points)) {
            return;
        }
        let rank = self.ranks.of(document, points);
        if !self.smallest.wants(rank) || self.after.is_some_and(|(first, _)| rank < first) {
            return;
        }
        let id = self.ids.first(document).unwrap_or_default();
        if self.after.is_none_or(|after| (rank, id) > after) {
            self.smallest.push(rank, id, document);
        }
    }

    fn finish(self, points: &[u16]) -> Result<Vec<Ranked>> {
        let Self { ranks, smallest, .. } = self;
        let ranked = smallest.finish().into_iter().map(|(rank, id, document)| {
            let score = u32::from(points[document as usize]);
            Ok(Ranked { cursor: Cursor { order: ranks.order(rank)?, id }, score })
        });
        ranked.collect()
    }
}

impl Ranks {
    fn of(&self, document: u32, points: u16) -> u64 {
        match self {
            Self::Relevance(name_words) => {
                relevance_rank(points, name_words.first(document).unwrap_or_default() as u32)
            }
            Self::Name(names) => {
                names.as_ref().and_then(|names| names.ords().first(document)).unwrap_or_default()
            }
            Self::Newest(times) => newest_rank(times.first(document).unwrap_or_default()),
        }
    }

    /// The best rank that a document with these points can have.
    fn best(&self, points: u16) -> u64 {
        match self {
            Self::Relevance(_) => relevance_rank(points, 0),
            Self::Name(_) | Self::Newest(_) => 0,
        }
    }

    fn order(&self, rank: u64) -> Result<Order> {
        Ok(match self {
            Self::Relevance(_) => relevance(!(rank as u32)),
            Self::Name(None) => Order::Name(String::new()),
            Self::Name(Some(names)) => Order::Name(text(names, rank)?),
            Self::Newest(_) => Order::Newest(Reverse(newest_time(rank))),
        })
    }

    /// The rank and id after which a cursor's page begins.
    fn after(&self, cursor: &Cursor) -> Result<(u64, i64)> {
        Ok(match (&cursor.order, self) {
            (Order::Relevance(Reverse(score)), _) => (u64::from(!score), cursor.id),
            (Order::Newest(Reverse(time)), _) => (newest_rank(*time), cursor.id),
            (Order::Name(_), Self::Relevance(_) | Self::Newest(_) | Self::Name(None)) => (0, cursor.id),
            (Order::Name(name), Self::Name(Some(names))) => name_after(names, name, cursor.id)?,
        })
    }
}

/// More points come first, and of as many, fewer words in the name.
fn relevance_rank(points: u16, words: u32) -> u64 {
    u64::from(!(u32::from(points) * (NAME_WORDS + 1) + (NAME_WORDS - words.min(NAME_WORDS))))
}

/// Names that the segment does not have itself lie before the next one it has, all ids of which come after the cursor.
fn name_after(names: &StrColumn, name: &str, id: i64) -> Result<(u64, i64)> {
    let bounds = names.dictionary().term_bounds_to_ord(Bound::Excluded(name), Bound::Unbounded::<&str>)?;
    Ok(match bounds.0 {
        Bound::Excluded(same) => (same, id),
        Bound::Included(next) => (next, i64::MIN),
        Bound::Unbounded => (0, i64::MIN),
    })
}

/// Times in descending order as ascending numbers.
fn newest_rank(time: i64) -> u64 {
    !(time as u64 ^ (1 << 63))
}

fn newest_time(rank: u64) -> i64 {
    (!rank ^ (1 << 63)) as i64
}

fn text(column: &StrColumn, ordinal: u64) -> Result<String> {
    let mut text = String::new();
    column.ord_to_str(ordinal, &mut text)?;
    Ok(text)
}
