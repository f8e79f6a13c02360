use std::cell::{Cell, Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fmt;
use std::rc::{Rc, Weak};

use foldhash::fast::RandomState;

use super::{Member, Text, Value};
use crate::syntax::on_large_stack;

/// The Go type of a map; keys are always strings.
#[derive(Clone, Copy, Debug)]
pub enum MapType {
    /// `map[string]interface {}`.
    Any,
    /// `map[string]string`.
    Strings,
    /// A type with a name of its own and methods, over `map[string]interface {}` or another element.
    Named(&'static NamedMap),
}

/// A named map type.
#[derive(Debug)]
pub struct NamedMap {
    /// The name as Go prints it (`common.Values`).
    pub name: &'static str,
    /// The type of the values as Go prints it.
    pub element: &'static str,
    /// The method of a name; methods go before keys.
    pub method: fn(&Map, &str) -> Option<Member>,
}

impl MapType {
    /// The name of the type as Go prints it.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Any => "map[string]interface {}",
            Self::Strings => "map[string]string",
            Self::Named(named) => named.name,
        }
    }

    /// Are the values of any type (Go: `interface {}`)?
    #[must_use]
    pub(crate) fn holds_any(self) -> bool {
        match self {
            Self::Any => true,
            Self::Strings => false,
            Self::Named(named) => named.element == "interface {}",
        }
    }

    /// The name of the type of the values as Go prints it.
    #[must_use]
    pub fn element(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Strings => "string",
            Self::Named(named) => named.element,
        }
    }
}

/// A Go map with string keys. Copies share the entries, as Go's do: a change through one is seen through all.
#[derive(Clone)]
pub struct Map {
    map_type: MapType,
    is_nil: bool,
    data: Rc<MapData>,
}

#[derive(Default)]
struct MapData {
    entries: RefCell<BTreeMap<Text, Value>>,
    trace: RefCell<Option<Box<Trace>>>,
}

/// Maps in maps may be deep.
impl Drop for MapData {
    fn drop(&mut self) {
        let entries = self.entries.take();
        if !entries.is_empty() {
            on_large_stack(|| drop(entries));
        }
    }
}

/// The place of a map in a log of what was read, and what of it was logged already.
struct Trace {
    path: Rc<str>,
    log: Rc<ReadLog>,
    keys: RefCell<HashSet<Text, RandomState>>,
    is_whole: Cell<bool>,
}

/// The paths of the values that a template read: `image.tag`, or `image` when the map was used as a whole.
#[derive(Debug, Default)]
pub struct ReadLog {
    paths: RefCell<BTreeSet<String>>,
}

impl ReadLog {
    /// The paths so far, sorted.
    #[must_use]
    pub fn paths(&self) -> Vec<String> {
        self.paths.borrow().iter().cloned().collect()
    }
}

impl Trace {
    fn path_of(&self, key: &[u8]) -> String {
        let key = String::from_utf8_lossy(key).replace('.', "\\.");
        if self.path.is_empty() { key } else { format!("{}.{key}", self.path) }
    }

    fn read(&self, key: &[u8]) {
        if !self.is_whole.get() && !self.keys.borrow().contains(key) {
            self.keys.borrow_mut().insert(Text::from(key));
            self.log.paths.borrow_mut().insert(self.path_of(key));
        }
    }

    fn read_whole(&self) {
        if !self.is_whole.replace(true) {
            self.log.paths.borrow_mut().insert(self.path.to_string());
        }
    }
}

impl Map {
    /// A `map[string]interface {}` without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::of(MapType::Any, BTreeMap::new())
    }

    /// A map of the given type.
    #[must_use]
    pub fn of(map_type: MapType, entries: BTreeMap<Text, Value>) -> Self {
        Self {
            map_type,
            is_nil: false,
            data: Rc::new(MapData { entries: RefCell::new(entries), trace: RefCell::default() }),
        }
    }

    /// A nil map: empty, and `null` in JSON. Nothing may be inserted.
    #[must_use]
    pub fn nil(map_type: MapType) -> Self {
        Self { is_nil: true, ..Self::of(map_type, BTreeMap::new()) }
    }

    /// Is it a nil map?
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.is_nil
    }

    /// Its type.
    #[must_use]
    pub fn map_type(&self) -> MapType {
        self.map_type
    }

    /// The same map, seen as another type.
    #[must_use]
    pub fn as_type(&self, map_type: MapType) -> Self {
        Self { map_type, is_nil: self.is_nil, data: Rc::clone(&self.data) }
    }

    /// The value of a key; the reading is logged where [`Map::trace`] asked for it.
    #[must_use]
    pub fn get(&self, key: &[u8]) -> Option<Value> {
        if let Some(trace) = &*self.data.trace.borrow() {
            trace.read(key);
        }
        self.data.entries.borrow().get(key).cloned()
    }

    /// The entries, sorted by key; logged as a reading of the whole map. Nothing may change the map while they are
    /// borrowed: copy what is needed before calling out.
    #[must_use]
    pub fn entries(&self) -> Ref<'_, BTreeMap<Text, Value>> {
        if let Some(trace) = &*self.data.trace.borrow() {
            trace.read_whole();
        }
        self.data.entries.borrow()
    }

    /// Sets the value of a key for everyone who shares the map.
    pub fn insert(&self, key: impl Into<Text>, value: Value) {
        self.data.entries.borrow_mut().insert(key.into(), value);
    }

    /// Takes a key out for everyone who shares the map.
    pub fn remove(&self, key: &[u8]) {
        self.data.entries.borrow_mut().remove(key);
    }

    /// Takes all entries out. Maps that hold themselves are only freed after this.
    pub fn clear(&self) {
        let entries = std::mem::take(&mut *self.data.entries.borrow_mut());
        drop(entries);
    }

    /// The number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.data.entries.borrow().len()
    }

    /// Has it no entries?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Are both the same map?
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.data, &other.data)
    }

    /// A reference that does not keep the map alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakMap {
        WeakMap { map_type: self.map_type, data: Rc::downgrade(&self.data) }
    }

    /// Logs from now on which keys of this map, and of the maps inside it, are read.
    pub fn trace(&self, path: &str, log: &Rc<ReadLog>) {
        let trace = Trace {
            path: Rc::from(path),
            log: Rc::clone(log),
            keys: RefCell::default(),
            is_whole: Cell::new(false),
        };
        for (key, value) in &*self.data.entries.borrow() {
            if let Value::Map(map) = value {
                map.trace(&trace.path_of(key), log);
            }
        }
        *self.data.trace.borrow_mut() = Some(Box::new(trace));
    }
}

impl Default for Map {
    fn default() -> Self {
        Self::new()
    }
}

impl FromIterator<(Text, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Text, Value)>>(entries: I) -> Self {
        Self::of(MapType::Any, entries.into_iter().collect())
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} of {}", self.map_type().type_name(), self.len())
    }
}

/// A reference to a map that does not keep it alive.
#[derive(Clone)]
pub struct WeakMap {
    map_type: MapType,
    data: Weak<MapData>,
}

impl WeakMap {
    /// The map, if it is still alive.
    #[must_use]
    pub fn upgrade(&self) -> Option<Map> {
        self.data.upgrade().map(|data| Map { map_type: self.map_type, is_nil: false, data })
    }
}
