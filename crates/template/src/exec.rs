//! Trees and values to text.

mod call;
mod evaluate;
mod place;
mod set;
mod walk;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use foldhash::fast::RandomState;
use jiff::Timestamp;
use rand::SeedableRng;
use rand::rngs::StdRng;

pub use call::Call;
pub use set::TemplateSet;

use crate::error::Error;
use crate::format::quote;
use crate::function::Slot;
use crate::limits::{Budget, Limits};
use crate::syntax::{self, FieldNames, Tree};
use crate::value::{Text, Value, WeakMap};
use walk::{State, Variables};

/// What a key that a map does not have gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum MissingKey {
    /// The zero value of the map's element type (Go: `missingkey=zero`).
    #[default]
    Zero,
    /// An error (Go: `missingkey=error`).
    Error,
}

/// How templates are executed.
#[derive(Clone, Debug, Default)]
pub struct ExecutionOptions {
    /// What a key that a map does not have gives.
    pub missing_key: MissingKey,
    /// How much may be used.
    pub limits: Limits,
    /// The time that functions see; the clock's if none.
    pub now: Option<Timestamp>,
    /// Where chance begins; the system's if none.
    pub seed: Option<u64>,
}

/// Executes the templates of a set, one after the other, within one budget.
pub struct Execution {
    set: Rc<TemplateSet>,
    budget: Budget,
    missing_key: MissingKey,
    now: Option<Timestamp>,
    random: StdRng,
    /// The name of the variable that holds the dot a template began with.
    dollar: Rc<str>,
    out: Vec<u8>,
    /// Buffers of executions that ended, for the next ones: empty, and as long as what they held.
    spare: Vec<Vec<u8>>,
    /// Lists of arguments and of variables that nobody uses, for the next calls.
    spare_arguments: Vec<Vec<Slot>>,
    spare_variables: Vec<Variables>,
    /// The texts that functions executed, parsed.
    parsed: HashMap<Text, Rc<Vec<Rc<Tree>>>, RandomState>,
    field_names: FieldNames,
    /// The varying functions that were called.
    varying: BTreeSet<&'static str>,
    /// Maps that were changed and so may hold themselves.
    changed: Vec<WeakMap>,
}

impl Execution {
    /// Ready to execute.
    #[must_use]
    pub fn new(set: Rc<TemplateSet>, options: ExecutionOptions) -> Self {
        let random = match options.seed {
            Some(seed) => StdRng::seed_from_u64(seed),
            None => StdRng::from_os_rng(),
        };
        Self {
            set,
            budget: Budget::new(options.limits),
            missing_key: options.missing_key,
            now: options.now,
            random,
            dollar: Rc::from("$"),
            out: Vec::new(),
            spare: Vec::new(),
            spare_arguments: Vec::new(),
            spare_variables: Vec::new(),
            parsed: HashMap::default(),
            field_names: FieldNames::default(),
            varying: BTreeSet::new(),
            changed: Vec::new(),
        }
    }

    /// Executes the template of a name with a value as its dot.
    ///
    /// # Errors
    /// A parse or execution error in Go's words, or the limit that was reached.
    pub fn execute(&mut self, name: &[u8], data: Value) -> Result<Text, Error> {
        self.execute_into(name, data, |written| Text::from(written))
    }

    /// As [`Execution::execute`], with what is made of the written bytes.
    ///
    /// # Errors
    /// Those of [`Execution::execute`].
    pub fn execute_into<T>(
        &mut self,
        name: &[u8],
        data: Value,
        make: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, Error> {
        let tree = self.look_up(name)?;
        self.capture(&tree, &Slot::concrete(data), make)
    }

    fn look_up(&self, name: &[u8]) -> Result<Rc<Tree>, Error> {
        self.set.look_up(name).map(Rc::clone).ok_or_else(|| {
            let set = quote(self.set.name());
            Error::execution(format!("template: no template {} associated with template {set}", quote(name)))
        })
    }

    /// Parses a text under the set's name and executes it. What it defines is seen only by what it calls.
    ///
    /// # Errors
    /// As of [`Execution::execute`]; a parse error has the kind [`crate::ErrorKind::Parse`].
    pub fn execute_text(&mut self, text: &Text, data: Value) -> Result<Text, Error> {
        let trees = self.parse(text)?;
        let mut set = TemplateSet::over(&self.set);
        for tree in &*trees {
            set.add(Rc::clone(tree));
        }
        let outer = std::mem::replace(&mut self.set, Rc::new(set));
        let result = self.capture(&trees[0], &Slot::concrete(data), |written| Text::from(written));
        self.set = outer;
        result
    }

    fn parse(&mut self, text: &Text) -> Result<Rc<Vec<Rc<Tree>>>, Error> {
        if let Some(trees) = self.parsed.get(text) {
            return Ok(Rc::clone(trees));
        }
        self.budget.spend(text.len() as u64)?;
        self.budget.claim(text.len())?;
        let trees =
            syntax::parse(self.set.name(), text.clone(), self.set.functions(), &mut self.field_names)?;
        let size = trees.iter().map(|tree| tree.size).max().unwrap_or_default();
        self.budget.claim_many(TREE_BYTES + size * NODE_BYTES)?;
        let trees: Rc<Vec<_>> = Rc::new(trees.into_iter().map(Rc::new).collect());
        self.parsed.insert(text.clone(), Rc::clone(&trees));
        Ok(trees)
    }

    /// Executes a tree and returns what is made of what it wrote.
    fn capture<T>(&mut self, tree: &Tree, data: &Slot, make: impl FnOnce(&[u8]) -> T) -> Result<T, Error> {
        let buffer = self.spare.pop().unwrap_or_default();
        let outer = std::mem::replace(&mut self.out, buffer);
        let result = self.run(tree, data);
        let mut written = std::mem::replace(&mut self.out, outer);
        self.budget.finish_output(written.len());
        let result = result.map(|()| make(&written));
        written.clear();
        self.spare.push(written);
        result
    }

    /// Executes a tree; what it writes goes to the end of the output.
    fn run(&mut self, tree: &Tree, data: &Slot) -> Result<(), Error> {
        self.budget.enter()?;
        let result =
            stacker::maybe_grow(RED_ZONE, STACK, || State::new(self, tree, data.clone()).walk_root(data));
        self.budget.leave();
        result
    }

    /// The names of the functions called so far whose results depend on chance, the clock or the outside.
    #[must_use]
    pub fn varying_functions(&self) -> Vec<&'static str> {
        self.varying.iter().copied().collect()
    }

    /// What is left of the limits.
    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }
}

impl Drop for Execution {
    /// Maps that hold themselves would never be freed.
    fn drop(&mut self) {
        for map in self.changed.drain(..) {
            if let Some(map) = map.upgrade() {
                map.clear();
            }
        }
    }
}

/// What the trees of a text that is executed take, in bytes: as such, and for each node or operand.
const TREE_BYTES: usize = 512;
const NODE_BYTES: usize = 128;

/// Stack that must be free before an evaluation goes deeper, in bytes.
const RED_ZONE: usize = 128 << 10;

/// Stack that is added when it is not, in bytes.
const STACK: usize = 4 << 20;
