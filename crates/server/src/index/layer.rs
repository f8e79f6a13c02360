//! The fragments of all charts of a repository in one encoding.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::pack::{Pack, Slot, joined};
use crate::body::Part;

/// A fragment: the index entries of one chart.
#[derive(Clone)]
pub(super) struct Fragment<T> {
    /// The repository's generation in which the chart last changed.
    pub(super) generation: i64,
    /// Where its bytes are.
    pub(super) slot: Slot,
    /// What else is known of it.
    pub(super) about: T,
}

/// Fragments by chart name, and the pack that holds them.
pub(super) struct Layer<T> {
    directory: PathBuf,
    pack: Pack,
    /// How much of the pack was written by the last tidying.
    tidied: u64,
    fragments: BTreeMap<String, Fragment<T>>,
}

impl<T> Layer<T> {
    /// No fragments.
    pub(super) fn create(directory: &Path) -> io::Result<Self> {
        Ok(Self {
            directory: directory.to_owned(),
            pack: Pack::create(directory)?,
            tidied: 0,
            fragments: BTreeMap::new(),
        })
    }

    /// All fragments in the order of their names.
    pub(super) fn fragments(&self) -> &BTreeMap<String, Fragment<T>> {
        &self.fragments
    }

    /// Whether this chart's fragment is here and of that generation.
    pub(super) fn has(&self, name: &str, generation: i64) -> bool {
        self.fragments.get(name).is_some_and(|fragment| fragment.generation == generation)
    }

    /// Puts a fragment in the place of the chart's last one.
    pub(super) fn insert(&mut self, name: &str, generation: i64, bytes: &[u8], about: T) -> io::Result<()> {
        let slot = self.pack.append(bytes)?;
        self.fragments.insert(name.to_owned(), Fragment { generation, slot, about });
        Ok(())
    }

    /// Forgets the charts that `keep` does not know.
    pub(super) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
        self.fragments.retain(|name, _| keep(name));
    }

    /// Reads one fragment.
    pub(super) fn read(&self, slot: Slot) -> io::Result<Vec<u8>> {
        self.pack.read(slot)
    }

    /// Some of the layer as parts of an answer.
    pub(super) fn parts_at(&self, slots: impl Iterator<Item = Slot>) -> impl Iterator<Item = Part> {
        joined(slots).into_iter().map(|slot| Part::File(self.pack.range(slot)))
    }

    /// Writes the fragments in order into a new pack when much was appended since the last time or when they are in too
    /// many pieces. What it costs is shared by the changes that made it necessary; garbage is never more than half of
    /// what is alive.
    pub(super) fn tidy(&mut self) -> io::Result<()> {
        const FEW_PIECES: usize = 64;
        const LITTLE: u64 = 1 << 20;
        let live: u64 = self.fragments.values().map(|fragment| fragment.slot.length).sum();
        let pieces = joined(self.fragments.values().map(|fragment| fragment.slot)).len();
        let scattered = pieces > FEW_PIECES + self.fragments.len() / 8;
        let appended = self.pack.length() - self.tidied;
        if scattered || appended > live / 2 + LITTLE { self.rewrite() } else { Ok(()) }
    }

    /// Copies the fragments in large writes: the kernel keeps what was written at once in large pages, which cost a
    /// fraction of small ones whenever the document is sent.
    fn rewrite(&mut self) -> io::Result<()> {
        const LARGE_WRITE: usize = 4 << 20;
        let mut pack = Pack::create(&self.directory)?;
        let mut buffer = Vec::new();
        for fragment in self.fragments.values() {
            buffer.extend(self.pack.read(fragment.slot)?);
            if buffer.len() >= LARGE_WRITE {
                pack.append(&buffer)?;
                buffer.clear();
            }
        }
        pack.append(&buffer)?;
        let mut offset = 0;
        for fragment in self.fragments.values_mut() {
            fragment.slot.offset = offset;
            offset += fragment.slot.length;
        }
        self.pack = pack;
        self.tidied = offset;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(layer: &Layer<()>) -> String {
        let whole = layer.fragments().values().flat_map(|fragment| layer.read(fragment.slot).unwrap());
        String::from_utf8(whole.collect()).unwrap()
    }

    #[test]
    fn keeps_order_and_stays_small() {
        let directory = tempfile::tempdir().unwrap();
        let mut layer = Layer::create(directory.path()).unwrap();
        for round in 0..50_i64 {
            for name in ["b", "a", "c"] {
                let bytes = format!("{name}{round};").repeat(10_000);
                layer.insert(name, round, bytes.as_bytes(), ()).unwrap();
            }
            layer.tidy().unwrap();
            assert!(layer.has("a", round) && !layer.has("a", round + 1) && !layer.has("d", round));
        }
        assert!(layer.pack.length() < 4 << 20, "{}", layer.pack.length());
        assert!(text(&layer).starts_with("a49;a49;"));
        layer.retain(|name| name != "a");
        assert!(text(&layer).starts_with("b49;b49;"));
        let slots = layer.fragments().values().map(|fragment| fragment.slot);
        let length: u64 = layer.parts_at(slots).map(|part| part.length()).sum();
        assert_eq!(length, 80_000);
    }
}
