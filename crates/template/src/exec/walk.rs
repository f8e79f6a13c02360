use std::mem;
use std::rc::Rc;

use super::place::NodeRef;
use super::{Execution, RED_ZONE, STACK};
use crate::error::{Error, ErrorKind};
use crate::format::{display, quote, write_display};
use crate::function::Slot;
use crate::syntax::{Branch, Node, TemplateCall, Tree};
use crate::value::{Element, Integer, List, Map, Value};

/// How a list of nodes ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flow {
    Next,
    Break,
    Continue,
}

/// The execution of one tree.
pub(super) struct State<'e, 't> {
    pub(super) execution: &'e mut Execution,
    pub(super) tree: &'t Tree,
    /// Where it is; errors name this node. None before the first.
    pub(super) node: Option<NodeRef<'t>>,
    /// The variables in scope, innermost last.
    pub(super) variables: Variables,
}

/// Variables by name, innermost last.
pub(super) type Variables = Vec<(Rc<str>, Slot)>;

impl<'e, 't> State<'e, 't> {
    pub(super) fn new(execution: &'e mut Execution, tree: &'t Tree, data: Slot) -> Self {
        let mut variables = execution.spare_variables.pop().unwrap_or_default();
        variables.push((Rc::clone(&execution.dollar), data));
        Self { execution, tree, node: None, variables }
    }

    pub(super) fn walk_root(&mut self, dot: &Slot) -> Result<(), Error> {
        let result = self.walk(dot, &self.tree.root).map(drop);
        let mut variables = mem::take(&mut self.variables);
        variables.clear();
        self.execution.spare_variables.push(variables);
        result
    }

    fn walk(&mut self, dot: &Slot, nodes: &'t [Node]) -> Result<Flow, Error> {
        for node in nodes {
            let flow = self.walk_node(dot, node)?;
            if flow != Flow::Next {
                return Ok(flow);
            }
        }
        Ok(Flow::Next)
    }

    fn walk_node(&mut self, dot: &Slot, node: &'t Node) -> Result<Flow, Error> {
        self.node = Some(NodeRef::Node(node));
        self.step()?;
        match node {
            Node::Text(text) => self.write(text)?,
            Node::Action(pipe) => {
                let value = self.evaluate_pipe(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.node = Some(NodeRef::Node(node));
                    self.print(&value)?;
                }
            }
            Node::If(branch) => return self.walk_if(dot, branch, false),
            Node::With(branch) => return self.walk_if(dot, branch, true),
            Node::Range(branch) => self.walk_range(dot, branch)?,
            Node::Template(template) => self.walk_template(dot, template)?,
            Node::Break(_) => return Ok(Flow::Break),
            Node::Continue(_) => return Ok(Flow::Continue),
        }
        Ok(Flow::Next)
    }

    fn walk_if(&mut self, dot: &Slot, branch: &'t Branch, sets_dot: bool) -> Result<Flow, Error> {
        let mark = self.variables.len();
        let value = self.evaluate_pipe(dot, &branch.pipe)?;
        let flow = if value.value.is_true() {
            self.walk_deeper(if sets_dot { &value } else { dot }, &branch.list)
        } else if let Some(list) = &branch.else_list {
            self.walk_deeper(dot, list)
        } else {
            Ok(Flow::Next)
        };
        self.variables.truncate(mark);
        flow
    }

    fn walk_deeper(&mut self, dot: &Slot, nodes: &'t [Node]) -> Result<Flow, Error> {
        stacker::maybe_grow(RED_ZONE, STACK, || self.walk(dot, nodes))
    }

    fn walk_range(&mut self, dot: &Slot, branch: &'t Branch) -> Result<(), Error> {
        let mark = self.variables.len();
        let value = self.evaluate_pipe(dot, &branch.pipe)?.value;
        let any = match &value {
            Value::Nil => false,
            Value::List(list) => self.range_list(branch, list)?,
            Value::Map(map) => self.range_map(branch, map)?,
            Value::Bytes(bytes) => {
                let items = bytes.iter().map(|&byte| Value::from(byte)).collect();
                self.range_list(branch, &List::of(Element::Of("uint8"), items))?
            }
            Value::Integer(integer) => self.range_integer(branch, *integer)?,
            _ => return Err(self.fail(format!("range can't iterate over {}", display(&value)))),
        };
        if !any && let Some(list) = &branch.else_list {
            self.walk_deeper(dot, list)?;
        }
        self.variables.truncate(mark);
        Ok(())
    }

    fn range_list(&mut self, branch: &'t Branch, list: &List) -> Result<bool, Error> {
        let in_interface = list.element() == Element::Any;
        let mut index = 0;
        while let Some(value) = list.get(index) {
            let position = Slot::concrete(Value::from(index.cast_signed()));
            if self.turn(branch, position, &Slot { value, in_interface })? == Flow::Break {
                return Ok(true);
            }
            index += 1;
        }
        Ok(index > 0)
    }

    fn range_map(&mut self, branch: &'t Branch, map: &Map) -> Result<bool, Error> {
        let in_interface = map.map_type().holds_any();
        self.execution.budget.spend(map.len() as u64).map_err(|error| self.place(error))?;
        let entries: Vec<_> = map.entries().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
        let any = !entries.is_empty();
        for (key, value) in entries {
            if self.turn(branch, Slot::concrete(Value::String(key)), &Slot { value, in_interface })?
                == Flow::Break
            {
                break;
            }
        }
        Ok(any)
    }

    fn range_integer(&mut self, branch: &'t Branch, integer: Integer) -> Result<bool, Error> {
        if branch.pipe.variables.len() > 1 {
            return Err(
                self.fail(format!("can't use {} to iterate over more than one variable", integer.exact()))
            );
        }
        let mut position = 0;
        while i128::from(position) < integer.exact() {
            let item = Slot::concrete(Value::Integer(integer.kind.make(position)));
            if self.turn(branch, Slot::concrete(Value::Nil), &item)? == Flow::Break {
                return Ok(true);
            }
            position += 1;
        }
        Ok(position > 0)
    }

    /// One turn of a loop.
    fn turn(&mut self, branch: &'t Branch, index: Slot, item: &Slot) -> Result<Flow, Error> {
        self.step()?;
        let mark = self.variables.len();
        let pipe = &branch.pipe;
        match &pipe.variables[..] {
            [] => {}
            [one] if pipe.is_assignment => self.assign(&one.name, item.clone())?,
            [first, second, ..] if pipe.is_assignment => {
                self.assign(&first.name, index)?;
                self.assign(&second.name, item.clone())?;
            }
            // The pipeline declared its variables, the last one on top.
            [_] => self.variables[mark - 1].1 = item.clone(),
            [_, _, ..] => {
                self.variables[mark - 1].1 = item.clone();
                self.variables[mark - 2].1 = index;
            }
        }
        let flow = self.walk_deeper(item, &branch.list);
        self.variables.truncate(mark);
        flow
    }

    fn walk_template(&mut self, dot: &Slot, template: &'t TemplateCall) -> Result<(), Error> {
        let at = Some(NodeRef::Template(template));
        self.node = at;
        let Some(tree) = self.execution.set.look_up(&template.name).map(Rc::clone) else {
            return Err(self.fail(format!("template {} not defined", quote(&template.name))));
        };
        let data = match &template.pipe {
            Some(pipe) => self.evaluate_pipe(dot, pipe)?,
            None => Slot::concrete(Value::Nil),
        };
        self.execution.run(&tree, &data).map_err(|error| match error.place() {
            Some(_) => error,
            None => {
                self.node = at;
                self.place(error)
            }
        })
    }

    fn print(&mut self, slot: &Slot) -> Result<(), Error> {
        match &slot.value {
            Value::String(text) => self.write(text),
            Value::Nil => self.write(b"<no value>"),
            Value::Object(object) => self.write(&object.print()),
            value => {
                let Execution { out, budget, .. } = &mut *self.execution;
                let result = write_display(out, value, budget).and_then(|()| budget.check_output(out.len()));
                result.map_err(|error| self.place(error))
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Execution { budget, out, .. } = &*self.execution;
        if let Err(error) =
            budget.claim(bytes.len()).and_then(|()| budget.check_output(out.len() + bytes.len()))
        {
            return Err(self.place(error));
        }
        self.execution.out.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn step(&mut self) -> Result<(), Error> {
        self.execution.budget.spend(1).map_err(|error| self.place(error))
    }

    /// Sets the innermost variable of a name.
    pub(super) fn assign(&mut self, name: &str, value: Slot) -> Result<(), Error> {
        let place = self.place_of(name)?;
        self.variables[place].1 = value;
        Ok(())
    }

    /// Where the innermost variable of a name is. Looking through many takes steps.
    pub(super) fn place_of(&self, name: &str) -> Result<usize, Error> {
        const LOOKED_AT_PER_STEP: usize = 16;
        let found = self.variables.iter().rposition(|(known, _)| **known == *name);
        let place = found.ok_or_else(|| self.fail(format!("undefined variable: {name}")))?;
        let passed = self.variables.len() - place;
        let spent = self.execution.budget.spend((passed / LOOKED_AT_PER_STEP) as u64);
        spent.map_err(|error| self.place(error))?;
        Ok(place)
    }

    /// The error of what it is doing now.
    pub(super) fn fail(&self, text: impl Into<String>) -> Error {
        self.place(Error::execution(text.into()))
    }

    /// Gives an error its place. A limit that was reached further down keeps the place it has.
    pub(super) fn place(&self, error: Error) -> Error {
        match self.node {
            Some(node) if error.place().is_none() => error.at(node.place(self.tree)),
            _ => error,
        }
    }

    /// The error of a function that was called.
    pub(super) fn function_error(&self, name: &str, error: Error) -> Error {
        if error.kind() == ErrorKind::Limit {
            return self.place(error);
        }
        self.place(Error::caused(format!("error calling {name}"), error))
    }
}
