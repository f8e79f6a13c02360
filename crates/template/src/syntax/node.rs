use std::ops::Deref;
use std::rc::Rc;
use std::{fmt, mem};

use crate::function::Function;
use crate::value::Text;

/// A byte offset in the text of a [`Source`].
pub(crate) type Position = usize;

/// A text that was parsed; the templates it defines share it.
pub(crate) struct Source {
    /// Its name in error messages (Go: `ParseName`).
    pub(crate) name: Text,
    /// The text, in whatever holds it: a chart's files are not copied.
    text: Box<dyn AsRef<[u8]>>,
}

impl fmt::Debug for Source {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Source").field(&self.name).finish()
    }
}

impl Source {
    /// A text under a name.
    pub(crate) fn new(name: &Text, text: impl AsRef<[u8]> + 'static) -> Self {
        Self { name: name.clone(), text: Box::new(text) }
    }

    /// The text.
    #[must_use]
    pub(crate) fn text(&self) -> &[u8] {
        (*self.text).as_ref()
    }

    /// The line of a position, from 1.
    #[must_use]
    pub(crate) fn line(&self, position: Position) -> usize {
        self.line_and_column(position).0
    }

    /// The line of a position, from 1, and its bytes from the start of that line.
    #[must_use]
    pub(crate) fn line_and_column(&self, position: Position) -> (usize, usize) {
        let before = &self.text()[..position];
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        (line, position - line_start)
    }
}

/// A part of the text of a source, not copied: most of many a template is plain text.
#[derive(Debug)]
pub(crate) struct Piece {
    source: Rc<Source>,
    start: Position,
    end: Position,
}

impl Piece {
    /// From one position up to another one.
    pub(crate) fn new(source: &Rc<Source>, start: Position, end: Position) -> Self {
        Self { source: Rc::clone(source), start, end }
    }
}

impl Deref for Piece {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.source.text()[self.start..self.end]
    }
}

/// A parsed template.
#[derive(Debug)]
pub(crate) struct Tree {
    /// The name by which it is executed: of the text, or of a `define` or `block` in it.
    pub(crate) name: Text,
    /// The text it stands in.
    pub(crate) source: Rc<Source>,
    /// What it does.
    pub(crate) root: Vec<Node>,
    /// The nodes and operands of the text up to the end of this template.
    pub(crate) size: usize,
}

/// An element of a template.
#[derive(Debug)]
pub(crate) enum Node {
    /// Plain text.
    Text(Piece),
    /// A pipeline whose value is printed, unless it declares or assigns.
    Action(Pipe),
    /// `if`.
    If(Box<Branch>),
    /// `with`.
    With(Box<Branch>),
    /// `range`.
    Range(Box<Branch>),
    /// `template`; also what `block` leaves behind.
    Template(Box<TemplateCall>),
    /// `break`.
    Break(Position),
    /// `continue`.
    Continue(Position),
}

/// `if`, `with` or `range` with its parts. An `else if` is a list of one `if`.
#[derive(Debug)]
pub(crate) struct Branch {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// What decides.
    pub(crate) pipe: Pipe,
    /// What is done if so, or for each element.
    pub(crate) list: Vec<Node>,
    /// What is done otherwise; absent and empty print differently.
    pub(crate) else_list: Option<Vec<Node>>,
}

/// `{{template "name" pipeline}}`.
#[derive(Debug)]
pub(crate) struct TemplateCall {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// The name.
    pub(crate) name: Text,
    /// What becomes the dot.
    pub(crate) pipe: Option<Pipe>,
}

/// Commands, the value of each is the last argument of the next; and the variables that get the last value.
#[derive(Debug)]
pub(crate) struct Pipe {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// `=`, not `:=`.
    pub(crate) is_assignment: bool,
    /// The variables that are declared or assigned.
    pub(crate) variables: Vec<Variable>,
    /// Never empty.
    pub(crate) commands: Vec<Command>,
}

/// An operand and its arguments.
#[derive(Debug)]
pub(crate) struct Command {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// The operand or function.
    pub(crate) operand: Expression,
    /// Its arguments.
    pub(crate) arguments: Vec<Expression>,
}

/// A variable, with the fields behind it.
#[derive(Debug)]
pub(crate) struct Variable {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// With its `$`.
    pub(crate) name: Rc<str>,
    /// The fields: `x`, `y` in `$v.x.y`.
    pub(crate) fields: Vec<Text>,
}

/// An operand.
#[derive(Debug)]
pub(crate) enum Expression {
    /// `.`
    Dot(Position),
    /// `nil`
    Nil(Position),
    /// `true`, `false`
    Bool(Position, bool),
    /// A number or character constant.
    Number(Box<Number>),
    /// A string constant.
    String(StringConstant),
    /// `.x.y`
    Field(Position, Vec<Text>),
    /// `$v.x.y`
    Variable(Variable),
    /// A function.
    Identifier(Identifier),
    /// `(pipeline).x.y`, and other operands followed by fields.
    Chain(Chain),
    /// A pipeline in parentheses.
    Pipe(Box<Pipe>),
}

/// A function that is named.
#[derive(Debug)]
pub(crate) struct Identifier {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// The function.
    pub(crate) function: Rc<Function>,
}

/// An operand with fields behind it.
#[derive(Debug)]
pub(crate) struct Chain {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// The operand.
    pub(crate) operand: Box<Expression>,
    /// `x`, `y`.
    pub(crate) fields: Vec<Text>,
}

/// A string constant.
#[derive(Debug)]
pub(crate) struct StringConstant {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// As it stands in the text, with quotes.
    pub(crate) quoted: Piece,
    /// What it means.
    pub(crate) text: Text,
}

/// A number with every type it can have.
#[derive(Debug)]
pub(crate) struct Number {
    /// Where it begins, as Go reports it.
    pub(crate) position: Position,
    /// As it stands in the text.
    pub(crate) text: Text,
    /// Its value as a signed integer, if it has one.
    pub(crate) signed: Option<i64>,
    /// Its value as an unsigned integer, if it has one.
    pub(crate) unsigned: Option<u64>,
    /// Its value as a float, if it has one.
    pub(crate) float: Option<f64>,
    /// Its value as a complex number (real, imaginary), if it is written with an `i`.
    pub(crate) complex: Option<(f64, f64)>,
}

impl Node {
    /// Where it begins, as Go reports it. Plain text, at which nothing fails, says 0.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Text(_) => 0,
            Self::Action(pipe) => pipe.position,
            Self::If(branch) | Self::With(branch) | Self::Range(branch) => branch.position,
            Self::Template(call) => call.position,
            Self::Break(position) | Self::Continue(position) => *position,
        }
    }
}

impl Expression {
    /// Where it begins, as Go reports it: with several fields, at the second one.
    pub(crate) fn position(&self) -> Position {
        match self {
            Self::Dot(position)
            | Self::Nil(position)
            | Self::Bool(position, _)
            | Self::Field(position, _) => *position,
            Self::Number(number) => number.position,
            Self::String(constant) => constant.position,
            Self::Variable(variable) => variable.position,
            Self::Identifier(identifier) => identifier.position,
            Self::Chain(chain) => chain.position,
            Self::Pipe(pipe) => pipe.position,
        }
    }
}

/// Is there nothing but blanks? Such a tree takes no other's place (Go: `IsEmptyTree`).
#[must_use]
pub(crate) fn is_empty_tree(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Text(text) => is_blank(text),
        _ => false,
    })
}

fn is_blank(text: &[u8]) -> bool {
    // The first visible character decides, without a look at all of a long text.
    let may_be_blank = |byte: &u8| byte.is_ascii_whitespace() || byte.is_ascii_control() || !byte.is_ascii();
    text.iter().all(may_be_blank) && String::from_utf8_lossy(text).trim().is_empty()
}

/// Runs something that may lead to itself, however deep the tree is.
pub(crate) fn on_large_stack<T>(run: impl FnOnce() -> T) -> T {
    const LEFT: usize = 128 << 10;
    const ADDED: usize = 1 << 20;
    stacker::maybe_grow(LEFT, ADDED, run)
}

/// Deep trees end as they began: without running out of stack.
impl Drop for Branch {
    fn drop(&mut self) {
        let lists = (mem::take(&mut self.list), self.else_list.take());
        on_large_stack(|| drop(lists));
    }
}

/// As for branches: parentheses can be deep.
impl Drop for Pipe {
    fn drop(&mut self) {
        let commands = mem::take(&mut self.commands);
        on_large_stack(|| drop(commands));
    }
}
