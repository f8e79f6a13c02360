use std::mem;
use std::rc::Rc;

use crate::function::Function;
use crate::value::Text;

/// A byte offset in the text of a [`Source`].
pub type Position = usize;

/// A text that was parsed; the templates it defines share it.
#[derive(Debug)]
pub struct Source {
    /// Its name in error messages (Go: `ParseName`).
    pub name: Text,
    /// The text.
    pub text: Text,
}

impl Source {
    /// The line of a position, from 1.
    #[must_use]
    pub fn line(&self, position: Position) -> usize {
        self.line_and_column(position).0
    }

    /// The line of a position, from 1, and its bytes from the start of that line.
    #[must_use]
    pub fn line_and_column(&self, position: Position) -> (usize, usize) {
        let before = &self.text[..position];
        let line = 1 + memchr::memchr_iter(b'\n', before).count();
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |newline| newline + 1);
        (line, position - line_start)
    }
}

/// A parsed template.
#[derive(Debug)]
pub struct Tree {
    /// The name by which it is executed: of the text, or of a `define` or `block` in it.
    pub name: Text,
    /// The text it stands in.
    pub source: Rc<Source>,
    /// What it does.
    pub root: Vec<Node>,
}

/// An element of a template.
#[derive(Debug)]
pub enum Node {
    /// Plain text.
    Text(Text),
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
pub struct Branch {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// What decides.
    pub pipe: Pipe,
    /// What is done if so, or for each element.
    pub list: Vec<Node>,
    /// What is done otherwise; absent and empty print differently.
    pub else_list: Option<Vec<Node>>,
}

/// `{{template "name" pipeline}}`.
#[derive(Debug)]
pub struct TemplateCall {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// The name.
    pub name: Text,
    /// What becomes the dot.
    pub pipe: Option<Pipe>,
}

/// Commands, the value of each is the last argument of the next; and the variables that get the last value.
#[derive(Debug)]
pub struct Pipe {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// `=`, not `:=`.
    pub is_assignment: bool,
    /// The variables that are declared or assigned.
    pub variables: Vec<Variable>,
    /// Never empty.
    pub commands: Vec<Command>,
}

/// An operand and its arguments.
#[derive(Debug)]
pub struct Command {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// The operand or function, and its arguments; never empty.
    pub arguments: Vec<Expression>,
}

/// A variable, with the fields behind it.
#[derive(Debug)]
pub struct Variable {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// With its `$`.
    pub name: Rc<str>,
    /// The fields: `x`, `y` in `$v.x.y`.
    pub fields: Vec<Text>,
}

/// An operand.
#[derive(Debug)]
pub enum Expression {
    /// `.`
    Dot(Position),
    /// `nil`
    Nil(Position),
    /// `true`, `false`
    Bool(Position, bool),
    /// A number or character constant.
    Number(Number),
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
pub struct Identifier {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// The function.
    pub function: Rc<Function>,
}

/// An operand with fields behind it.
#[derive(Debug)]
pub struct Chain {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// The operand.
    pub operand: Box<Expression>,
    /// `x`, `y`.
    pub fields: Vec<Text>,
}

/// A string constant.
#[derive(Debug)]
pub struct StringConstant {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// As it stands in the text, with quotes.
    pub quoted: Text,
    /// What it means.
    pub text: Text,
}

/// A number with every type it can have.
#[derive(Debug)]
pub struct Number {
    /// Where it begins, as Go reports it.
    pub position: Position,
    /// As it stands in the text.
    pub text: Text,
    /// Its value as a signed integer, if it has one.
    pub signed: Option<i64>,
    /// Its value as an unsigned integer, if it has one.
    pub unsigned: Option<u64>,
    /// Its value as a float, if it has one.
    pub float: Option<f64>,
    /// Its value as a complex number (real, imaginary), if it is written with an `i`.
    pub complex: Option<(f64, f64)>,
}

/// Is there nothing but blanks? Such a tree takes no other's place (Go: `IsEmptyTree`).
#[must_use]
pub(crate) fn is_empty_tree(nodes: &[Node]) -> bool {
    nodes.iter().all(|node| match node {
        Node::Text(text) => text.to_str_lossy().trim().is_empty(),
        _ => false,
    })
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
