use std::cell::{Ref, RefCell, RefMut};
use std::fmt;
use std::rc::Rc;

use super::{Member, Value};
use crate::syntax::on_large_stack;

/// What a Go slice holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    /// `interface {}`: values of any kind.
    Any,
    /// A concrete type, by its Go name (`string`, `int`, `[]interface {}`).
    Of(&'static str),
    /// What a slice type with a name of its own and methods holds.
    Named(&'static NamedList),
}

/// A named slice type.
#[derive(Debug)]
pub struct NamedList {
    /// The name as Go prints it (`common.VersionSet`).
    pub name: &'static str,
    /// The type of the items as Go prints it.
    pub element: &'static str,
    /// The method of a name.
    pub method: fn(&List, &str) -> Option<Member>,
}

impl PartialEq for NamedList {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for NamedList {}

impl Element {
    /// The name of the type as Go prints it.
    #[must_use]
    pub fn type_name(self) -> &'static str {
        match self {
            Self::Any => "interface {}",
            Self::Of(name) => name,
            Self::Named(named) => named.element,
        }
    }
}

/// A Go slice. Copies share the elements, as Go's do.
#[derive(Clone)]
pub struct List(Rc<ListData>);

struct ListData {
    element: Element,
    is_nil: bool,
    items: RefCell<Vec<Value>>,
}

/// Lists in lists may be deep.
impl Drop for ListData {
    fn drop(&mut self) {
        let items = self.items.take();
        if !items.is_empty() {
            on_large_stack(|| drop(items));
        }
    }
}

impl List {
    /// A `[]interface {}`.
    #[must_use]
    pub fn new(items: Vec<Value>) -> Self {
        Self::of(Element::Any, items)
    }

    /// A `[]string`.
    pub fn of_strings<T: Into<Value>>(items: impl IntoIterator<Item = T>) -> Self {
        Self::of(Element::Of("string"), items.into_iter().map(Into::into).collect())
    }

    /// A slice of the given element type; all items must be of it.
    #[must_use]
    pub fn of(element: Element, items: Vec<Value>) -> Self {
        Self(Rc::new(ListData { element, is_nil: false, items: RefCell::new(items) }))
    }

    /// A nil slice of the given element type: empty, and `null` in JSON.
    #[must_use]
    pub fn nil(element: Element) -> Self {
        Self(Rc::new(ListData { element, is_nil: true, items: RefCell::default() }))
    }

    /// Is it a nil slice?
    #[must_use]
    pub fn is_nil(&self) -> bool {
        self.0.is_nil
    }

    /// What it holds.
    #[must_use]
    pub fn element(&self) -> Element {
        self.0.element
    }

    /// The items. Nothing may change the list while they are borrowed: copy what is needed before calling out.
    #[must_use]
    pub fn items(&self) -> Ref<'_, Vec<Value>> {
        self.0.items.borrow()
    }

    /// The items, to change them in place for everyone who shares them.
    #[must_use]
    pub fn items_mut(&self) -> RefMut<'_, Vec<Value>> {
        self.0.items.borrow_mut()
    }

    /// The number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items().len()
    }

    /// Has it no items?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The item at a position.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Value> {
        self.items().get(index).cloned()
    }

    /// Are both the same slice?
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl fmt::Debug for List {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "[]{} of {}", self.element().type_name(), self.len())
    }
}
