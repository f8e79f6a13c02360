use std::collections::HashMap;
use std::rc::Rc;

use foldhash::fast::RandomState;

use crate::error::Error;
use crate::functions::Functions;
use crate::syntax::{self, FieldNames, Tree};
use crate::value::Text;

/// Templates that can call one another by name, and the functions they can call.
///
/// A set may lie over another one: what it does not define is looked up there. So a text can be executed with
/// definitions of its own without a copy of all others.
#[derive(Debug)]
pub struct TemplateSet {
    name: Text,
    functions: Rc<Functions>,
    below: Option<Rc<TemplateSet>>,
    trees: HashMap<Text, Rc<Tree>, RandomState>,
    /// The nodes and operands of all texts that were parsed.
    size: usize,
    field_names: FieldNames,
}

/// Nodes and operands in all texts of a set. The largest public charts have some ten thousands.
const MAX_SIZE: usize = 1_000_000;

impl TemplateSet {
    /// A set without templates. Errors call it by the name.
    #[must_use]
    pub fn new(name: &str, functions: Rc<Functions>) -> Self {
        Self {
            name: name.into(),
            functions,
            below: None,
            trees: HashMap::default(),
            size: 0,
            field_names: FieldNames::default(),
        }
    }

    /// A set without templates of its own over another one.
    #[must_use]
    pub(super) fn over(below: &Rc<Self>) -> Self {
        Self {
            name: below.name.clone(),
            functions: Rc::clone(&below.functions),
            below: Some(Rc::clone(below)),
            trees: HashMap::default(),
            size: 0,
            field_names: FieldNames::default(),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// Its functions.
    #[must_use]
    pub fn functions(&self) -> &Rc<Functions> {
        &self.functions
    }

    /// The template of a name.
    #[must_use]
    pub(super) fn look_up(&self, name: &[u8]) -> Option<&Rc<Tree>> {
        // Not by recursion: texts that execute texts lay thousands of sets over one another.
        let mut set = Some(self);
        while let Some(current) = set {
            if let Some(tree) = current.trees.get(name) {
                return Some(tree);
            }
            set = current.below.as_deref();
        }
        None
    }

    /// Is there a template of the name?
    #[must_use]
    pub fn contains(&self, name: &[u8]) -> bool {
        self.look_up(name).is_some()
    }

    /// Parses a text, and adds it and the templates it defines under their names. They replace what had the name,
    /// unless they are empty.
    ///
    /// # Errors
    /// A parse error; the set stays as it was.
    pub fn parse(&mut self, name: &Text, text: impl AsRef<[u8]> + 'static) -> Result<(), Error> {
        let trees = syntax::parse(name, text, &self.functions, &mut self.field_names)?;
        self.size += trees.iter().map(|tree| tree.size).max().unwrap_or_default();
        if self.size > MAX_SIZE {
            let text =
                format!("template: {name}: the templates have more than {MAX_SIZE} operands and actions");
            return Err(Error::limit(text));
        }
        for tree in trees {
            self.add(Rc::new(tree));
        }
        Ok(())
    }

    pub(super) fn add(&mut self, tree: Rc<Tree>) {
        if self.contains(&tree.name) && syntax::is_empty_tree(&tree.root) {
            return;
        }
        self.trees.insert(tree.name.clone(), tree);
    }
}
