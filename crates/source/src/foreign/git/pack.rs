//! The objects in a pack (gitformat-pack): whole ones, and differences to others.

use std::collections::HashMap;

use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use sha1::{Digest as _, Sha1};

use super::{Id, broken};
use crate::foreign::Failure;

/// The most objects of a pack.
const MOST_OBJECTS: usize = 1_000_000;

/// The largest object, which is the largest file.
const LARGEST_OBJECT: u64 = 128 << 20;

/// What all objects of a pack may have together, unpacked.
const LARGEST_CONTENT: u64 = 2 << 30;

/// The longest chain of differences; git makes them 50 long, or 4095 at most.
const LONGEST_CHAIN: usize = 4096;

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Commit => "commit",
            Self::Tree => "tree",
            Self::Blob => "blob",
            Self::Tag => "tag",
        }
    }
}

/// How an object is stored.
#[derive(Clone, Copy)]
enum Form {
    Whole(Kind),
    /// A difference to the object at a place in the pack.
    FromOffset(usize),
    /// A difference to a named object.
    FromId(Id),
}

#[derive(Clone, Copy)]
struct Entry {
    form: Form,
    /// Where its packed bytes begin.
    start: usize,
    /// How many bytes it has unpacked.
    length: usize,
}

/// The objects of a pack.
pub(super) struct Objects {
    pack: Bytes,
    /// By their place in the pack.
    entries: HashMap<usize, Entry>,
    places: HashMap<Id, usize>,
}

impl Objects {
    /// Reads a pack to its end and names all its objects.
    pub(super) fn read(pack: Vec<u8>) -> Result<Self, Failure> {
        let pack = Bytes::from(pack);
        let count = check_frame(&pack)?;
        let mut objects = Self { pack, entries: HashMap::new(), places: HashMap::new() };
        let mut differences = Vec::new();
        let (mut place, mut content) = (12, 0);
        for _ in 0..count {
            let entry = objects.read_entry(place)?;
            let (bytes, read) = objects.unpack(&entry)?;
            content += bytes.len() as u64;
            if content > LARGEST_CONTENT {
                return Err(broken("its objects are larger than 2 GiB together"));
            }
            match entry.form {
                Form::Whole(kind) => drop(objects.places.insert(Id::of(kind.name(), &bytes), place)),
                _ => differences.push(place),
            }
            objects.entries.insert(place, entry);
            place = entry.start + read;
        }
        objects.name_differences(differences)?;
        Ok(objects)
    }

    /// Names the objects that are stored as differences. One may be to another that comes later in the pack.
    fn name_differences(&mut self, mut waiting: Vec<usize>) -> Result<(), Failure> {
        let mut content = 0;
        while !waiting.is_empty() {
            let before = waiting.len();
            let mut left = Vec::new();
            for place in waiting {
                let Some((kind, bytes)) = self.content(place)? else {
                    left.push(place);
                    continue;
                };
                content += bytes.len() as u64;
                if content > LARGEST_CONTENT {
                    return Err(broken("its objects are larger than 2 GiB together"));
                }
                self.places.insert(Id::of(kind.name(), &bytes), place);
            }
            if left.len() == before {
                return Err(broken("its pack lacks objects that others are made from"));
            }
            waiting = left;
        }
        Ok(())
    }

    /// An object by its name.
    pub(super) fn get(&self, id: Id, kind: Kind) -> Result<Vec<u8>, Failure> {
        let place = self.places.get(&id).ok_or_else(|| broken(&format!("its pack lacks the object {id}")))?;
        match self.content(*place)? {
            Some((found, bytes)) if found == kind => Ok(bytes),
            _ => Err(broken(&format!("the object {id} is no {}", kind.name()))),
        }
    }

    /// The object at a place, `None` if what it is made from has no name yet.
    fn content(&self, place: usize) -> Result<Option<(Kind, Vec<u8>)>, Failure> {
        let mut chain = Vec::new();
        let mut at = place;
        let (kind, base) = loop {
            let entry = self.entries.get(&at).ok_or_else(|| broken("a difference is to no object"))?;
            at = match entry.form {
                Form::Whole(kind) => break (kind, entry),
                Form::FromOffset(base) => base,
                Form::FromId(id) => match self.places.get(&id) {
                    Some(base) => *base,
                    None => return Ok(None),
                },
            };
            chain.push(entry);
            if chain.len() > LONGEST_CHAIN {
                return Err(broken("its differences are to each other without end"));
            }
        };
        let mut bytes = self.unpack(base)?.0;
        for entry in chain.into_iter().rev() {
            bytes = apply(&bytes, &self.unpack(entry)?.0)
                .ok_or_else(|| broken("a difference cannot be applied"))?;
        }
        Ok(Some((kind, bytes)))
    }

    /// Reads what stands before the packed bytes of an object.
    fn read_entry(&self, place: usize) -> Result<Entry, Failure> {
        let cut = || broken("its pack ends early");
        let mut at = place;
        let mut next = || {
            let byte = self.pack.get(at).copied();
            at += 1;
            byte.ok_or_else(cut)
        };
        let first = next()?;
        let (mut length, mut shift, mut byte) = (u64::from(first & 15), 4, first);
        while byte & 0x80 != 0 {
            byte = next()?;
            let bits = u64::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 50);
            length |= bits.ok_or_else(|| broken("an object is too large"))?;
            shift += 7;
        }
        if length > LARGEST_OBJECT {
            return Err(broken("an object is larger than 128 MiB"));
        }
        let form = match first >> 4 & 7 {
            1 => Form::Whole(Kind::Commit),
            2 => Form::Whole(Kind::Tree),
            3 => Form::Whole(Kind::Blob),
            4 => Form::Whole(Kind::Tag),
            6 => {
                let mut byte = next()?;
                let mut distance = usize::from(byte & 0x7f);
                while byte & 0x80 != 0 {
                    byte = next()?;
                    distance = distance
                        .checked_add(1)
                        .and_then(|distance| distance.checked_mul(128))
                        .ok_or_else(|| broken("a difference is to no object"))?
                        | usize::from(byte & 0x7f);
                }
                let base = place.checked_sub(distance).filter(|base| *base < place);
                Form::FromOffset(base.ok_or_else(|| broken("a difference is to no object"))?)
            }
            7 => {
                let id = self.pack.get(at..at + 20).and_then(|id| Id::try_from(id).ok()).ok_or_else(cut)?;
                at += 20;
                Form::FromId(id)
            }
            _ => return Err(broken("an object is of an unknown kind")),
        };
        Ok(Entry { form, start: at, length: usize::try_from(length).unwrap_or(usize::MAX) })
    }

    /// The bytes of an entry, and how many packed ones they took.
    fn unpack(&self, entry: &Entry) -> Result<(Vec<u8>, usize), Failure> {
        let damaged = || broken("an object in its pack is damaged");
        let packed = self.pack.get(entry.start..).ok_or_else(damaged)?;
        let mut inflate = Decompress::new(true);
        // One byte more than announced, so that a longer one is seen and the end is reached.
        let mut bytes = Vec::with_capacity(entry.length + 1);
        loop {
            let from = usize::try_from(inflate.total_in()).unwrap_or(usize::MAX);
            let before = (inflate.total_in(), inflate.total_out());
            let status = inflate.decompress_vec(
                packed.get(from..).unwrap_or_default(),
                &mut bytes,
                FlushDecompress::None,
            );
            match status.map_err(|_| damaged())? {
                Status::StreamEnd if bytes.len() == entry.length => break,
                Status::StreamEnd => return Err(damaged()),
                _ if bytes.len() > entry.length => return Err(damaged()),
                _ if before == (inflate.total_in(), inflate.total_out()) => return Err(damaged()),
                _ => {}
            }
        }
        Ok((bytes, usize::try_from(inflate.total_in()).unwrap_or(usize::MAX)))
    }
}

/// Checks what is around the objects: the header with their number, and the sha1 of everything at the end.
fn check_frame(pack: &[u8]) -> Result<usize, Failure> {
    let (content, sum) = pack.split_last_chunk::<20>().ok_or_else(|| broken("there is no pack"))?;
    if Sha1::digest(content).as_slice() != sum {
        return Err(broken("the sum of its pack is wrong"));
    }
    let [b'P', b'A', b'C', b'K', 0, 0, 0, 2 | 3, count @ ..] = content else {
        return Err(broken("its pack is of an unknown kind"));
    };
    let count = count.first_chunk::<4>().map(|count| u32::from_be_bytes(*count) as usize);
    count.filter(|count| *count <= MOST_OBJECTS).ok_or_else(|| broken("its pack has too many objects"))
}

/// Makes an object from another one and a difference.
fn apply(base: &[u8], difference: &[u8]) -> Option<Vec<u8>> {
    let mut rest = difference;
    let (base_length, length) = (read_length(&mut rest)?, read_length(&mut rest)?);
    if base_length != base.len() as u64 || length > LARGEST_OBJECT {
        return None;
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).ok()?);
    while let Some((&command, after)) = rest.split_first() {
        rest = after;
        let piece = if command & 0x80 != 0 {
            let offset = read_sparse(&mut rest, command & 0x0f)?;
            let size = read_sparse(&mut rest, command >> 4 & 7)?;
            let size = if size == 0 { 0x10000 } else { size };
            base.get(offset..offset.checked_add(size)?)?
        } else {
            let (piece, after) = rest.split_at_checked(usize::from(command)).filter(|_| command != 0)?;
            rest = after;
            piece
        };
        bytes.extend_from_slice(piece);
        if bytes.len() as u64 > length {
            return None;
        }
    }
    (bytes.len() as u64 == length).then_some(bytes)
}

/// A length of seven bits to the byte, the lowest first.
fn read_length(rest: &mut &[u8]) -> Option<u64> {
    let mut length = 0;
    for shift in (0..42).step_by(7) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        length |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(length);
        }
    }
    None
}

/// A number of which only the bytes that `mask` names are written.
fn read_sparse(rest: &mut &[u8], mask: u8) -> Option<usize> {
    let mut number = 0;
    for place in (0..4).filter(|place| mask & 1 << place != 0) {
        let (&byte, after) = rest.split_first()?;
        *rest = after;
        number |= usize::from(byte) << (8 * place);
    }
    Some(number)
}
